// The script of the page. It runs in a browser, alone: `npm run generate` puts it into assets.ts as text.
// Everything from outside goes into the page as text nodes, never as markup.

const data = JSON.parse(document.getElementById('data').textContent)
const ROW_HEIGHT = 34
const DAY = 86_400_000

/** An element with its properties and children. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (name === 'class') element.className = value
    else element.setAttribute(name, value)
  }
  element.append(...children)
  return element
}

const number = value => value.toLocaleString('en-US')
const short = digest => digest.replace(/^(sha\d+:.{12}).*$/, '$1')
const nameOf = row => (row.t.length > 0 ? visible(row.t.join(', ')) : short(row.d))
const toneOf = row => data.states[row.k].tone
const day = time => (!Number.isFinite(time) ? 'no date' : new Date(time).toISOString().slice(0, 10))

/** What hides or reorders text is shown as what it is. */
function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]+/gu, marks => {
    const [first] = marks
    return `\\u{${first.codePointAt(0).toString(16)}}${marks.length > first.length ? '…' : ''}`
  })
}

function ageOf(time) {
  if (time === null) return '?'
  const days = Math.floor((Date.parse(data.started) - time) / DAY)
  return days < 1 ? 'today' : `${number(days)} d`
}

// Who names a version, and who describes it.
const namedBy = new Map()
const describedBy = new Map()
data.rows.forEach((row, place) => {
  for (const child of row.c ?? []) add(namedBy, child, place)
  if (row.s !== undefined) add(describedBy, row.s, place)
})

function add(map, key, value) {
  if (map.has(key)) map.get(key).push(value)
  else map.set(key, [value])
}

/** An image, or what stands for itself: parts are seen with it. */
const isRoot = place => !namedBy.has(place) && data.rows[place].s === undefined

const texts = data.rows.map(row =>
  `${row.t.join(' ')} ${row.d} ${row.i} ${data.packages[row.p].name} ${row.r.join(' ')}`.toLowerCase()
)

const filter = { text: '', package: '', tone: '', state: '', group: '', parts: false, from: 0, to: 0 }
let shown = []
let chosen

function matches(row, place, withoutTime) {
  if (!filter.parts && !isRoot(place) && filter.text === '') return false
  if (filter.package !== '' && row.p !== Number(filter.package)) return false
  if (filter.state !== '' && row.k !== Number(filter.state)) return false
  if (filter.group !== '' && row.g !== Number(filter.group)) return false
  if (!withoutTime && filter.to > 0 && !(row.a !== null && row.a >= filter.from && row.a < filter.to))
    return false
  return filter.text === '' || filter.text.split(/\s+/).every(word => texts[place].includes(word))
}

// --- The head ---

const sums = { stays: 0, goes: 0, trouble: 0 }
const images = { stays: 0, goes: 0, trouble: 0 }
// Of a package that goes as a whole nobody reads what is a part of what.
const hasEdges = data.rows.some(row => row.c !== undefined || row.s !== undefined)
data.rows.forEach((row, place) => {
  sums[toneOf(row)]++
  if (isRoot(place)) images[toneOf(row)]++
})
sums.stays += data.hidden

function figure(tone, word) {
  if (sums[tone] === 0) return ''
  const versions = `${number(sums[tone])} ${sums[tone] === 1 ? 'version' : 'versions'}`
  const roots = `${number(images[tone])} ${images[tone] === 1 ? 'image' : 'images'}`
  const text = hasEdges ? `${roots} ${word} (${versions})` : `${versions} ${word}`
  return make('span', { class: 'figure' }, make('span', { class: `dot ${tone}` }), text)
}

function box(title, sentences, look) {
  if (sentences.length === 0) return ''
  const lines = sentences.map(sentence => make('li', {}, visible(sentence)))
  return make('div', { class: `box ${look}` }, make('strong', {}, title), make('ul', {}, ...lines))
}

const goesWord = data.dryRun ? 'would be deleted' : 'were deleted'
const head = [
  make('h1', {}, visible(data.title)),
  make(
    'div',
    {},
    figure('goes', goesWord),
    figure('stays', data.mode !== 'restore' ? 'stay' : data.dryRun ? 'would be restored' : 'restored'),
    figure(
      'trouble',
      `should ${data.mode === 'restore' ? 'come back' : 'go'}, but ${(hasEdges ? images : sums).trouble === 1 ? 'was' : 'were'} not changed`
    )
  ),
  make(
    'div',
    { class: 'soft' },
    `Mode ${data.mode}, started ${data.started.slice(0, 16).replace('T', ' ')} UTC. Digest of the plan${data.dryRun ? ', to compare with the log of the real run' : ''}: `,
    make('code', { id: 'plan-digest' }, data.planDigest)
  ),
  box('This run failed.', data.failures, 'red'),
  box('Worth a look.', data.warnings, '')
]

// --- Filters ---

function choice(label, name, options) {
  const select = make(
    'select',
    {
      'aria-label': label,
      id: `filter-${name}`,
      onchange: event => {
        filter[name] = event.target.value
        update()
      }
    },
    make('option', { value: '' }, `${label}: all`),
    ...options.map(([value, text]) => make('option', { value: String(value) }, visible(text)))
  )
  return options.length < 2 ? '' : select
}

function counted(list, key, nameOfOne) {
  const counts = list.map(() => 0)
  for (const row of data.rows) counts[row[key]]++
  return list
    .map((one, place) => [place, `${nameOfOne(one)} (${number(counts[place])})`, counts[place]])
    .sort((a, b) => b[2] - a[2])
}

const search = make('input', {
  type: 'search',
  id: 'search',
  placeholder: 'Search tags, digests, ids, reasons',
  'aria-label': 'Search',
  oninput: event => {
    filter.text = event.target.value.trim().toLowerCase()
    update()
  }
})
const parts = make('input', {
  type: 'checkbox',
  id: 'parts',
  onchange: event => {
    filter.parts = event.target.checked
    update()
  }
})
const total = make('span', { class: 'soft', id: 'total', role: 'status' })
const reset = make('button', { type: 'button', id: 'reset', onclick: clear }, 'Reset')

function clear() {
  Object.assign(filter, { text: '', package: '', state: '', group: '', parts: false, from: 0, to: 0 })
  search.value = ''
  parts.checked = false
  for (const select of document.querySelectorAll('select')) select.value = ''
  update()
}

const filters = make(
  'div',
  { class: 'filters' },
  search,
  choice(
    'Package',
    'package',
    counted(data.packages, 'p', one => one.name)
  ),
  choice(
    'Verdict',
    'state',
    counted(data.states, 'k', one => one.word)
  ),
  choice(
    'Rule or reason',
    'group',
    counted(data.groups, 'g', one => one)
  ),
  make('label', {}, parts, ' also parts of images'),
  reset,
  total
)

// --- The timeline: how much of each period stays and goes ---

const BARS = 48
const dates = data.rows.map(row => row.a).filter(date => date !== null)
const oldest = dates.reduce((least, date) => Math.min(least, date), Number.POSITIVE_INFINITY)
const newest = dates.reduce((most, date) => Math.max(most, date), 0) + 1
const span = Math.max((newest - oldest) / BARS, 1)
const timeline = make('div', { class: 'timeline', id: 'timeline' })
const ends = make(
  'div',
  { class: 'ends' },
  make('span', {}, `pushed ${day(oldest)}`),
  make('span', {}, day(newest - 1))
)

function drawTimeline() {
  const bars = Array.from({ length: BARS }, () => ({ stays: 0, trouble: 0, goes: 0 }))
  data.rows.forEach((row, place) => {
    if (row.a === null || !matches(row, place, true)) return
    bars[Math.min(Math.floor((row.a - oldest) / span), BARS - 1)][toneOf(row)]++
  })
  const most = Math.max(1, ...bars.map(bar => bar.stays + bar.goes + bar.trouble))
  timeline.replaceChildren(
    ...bars.map((bar, index) => {
      const from = oldest + index * span
      const isOn = filter.to > 0 && Math.abs(filter.from - from) < 1
      const pieces = ['stays', 'trouble', 'goes'].map(tone => {
        const piece = make('span', { class: `bar ${tone}` })
        piece.style.height = `${(100 * bar[tone]) / most}%`
        return piece
      })
      const label = `${day(from)}: ${number(bar.goes)} go, ${number(bar.stays)} stay${bar.trouble > 0 ? `, ${number(bar.trouble)} not changed` : ''}`
      const pick = () => {
        Object.assign(filter, isOn ? { from: 0, to: 0 } : { from, to: from + span })
        update()
      }
      return make(
        'button',
        { type: 'button', title: label, 'aria-label': label, 'aria-pressed': String(isOn), onclick: pick },
        ...pieces
      )
    })
  )
}

// --- The table: only the rows in sight are in the document ---

const sheet = make('div', { role: 'rowgroup' })
const scroll = make(
  'div',
  { class: 'scroll', id: 'rows', tabindex: '0', onscroll: drawRows, onkeydown: move },
  sheet
)
const heads = make(
  'div',
  { class: 'line head', role: 'row' },
  make('span', {}, 'Image'),
  make('span', { class: 'less' }, 'Package'),
  make('span', {}, 'Verdict'),
  make('span', { class: 'wide' }, 'Reason'),
  make('span', { class: 'less' }, 'Age')
)

function drawRows() {
  const first = Math.max(0, Math.floor(scroll.scrollTop / ROW_HEIGHT) - 5)
  const last = Math.min(shown.length, first + Math.ceil(scroll.clientHeight / ROW_HEIGHT) + 12)
  sheet.replaceChildren(...shown.slice(first, last).map((place, index) => lineOf(place, first + index)))
}

function lineOf(place, index) {
  const row = data.rows[place]
  const state = data.states[row.k]
  const line = make(
    'div',
    {
      class: 'line row',
      role: 'row',
      'aria-selected': String(place === chosen),
      onclick: () => choose(place)
    },
    make('span', { class: row.t.length > 0 ? '' : 'mono', title: nameOf(row) }, nameOf(row)),
    make('span', { class: 'less' }, visible(data.packages[row.p].name)),
    make('span', {}, make('span', { class: `dot ${state.tone}` }), state.word),
    make('span', { class: 'wide', title: visible(row.r.join('; ')) }, visible(row.r[0])),
    make('span', { class: 'less', title: day(row.a) }, ageOf(row.a))
  )
  line.style.top = `${index * ROW_HEIGHT}px`
  return line
}

function move(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step === undefined || shown.length === 0) return
  event.preventDefault()
  const now = shown.indexOf(chosen)
  const next = Math.min(Math.max(now + step, 0), shown.length - 1)
  choose(shown[next])
  const top = next * ROW_HEIGHT
  if (top < scroll.scrollTop) scroll.scrollTop = top
  else if (top + ROW_HEIGHT > scroll.scrollTop + scroll.clientHeight)
    scroll.scrollTop = top + ROW_HEIGHT - scroll.clientHeight
}

// --- One image: its facts, its reasons, and the graph of what belongs together ---

const both = make('div', { class: 'both' })
const detail = make('div', { class: 'detail', id: 'detail' })

function choose(place) {
  chosen = place
  both.classList.toggle('open', place !== undefined)
  detail.remove()
  if (place !== undefined) {
    both.append(detail)
    detail.replaceChildren(...factsOf(place))
    detail.scrollTop = 0
  }
  drawRows()
}

function factsOf(place) {
  const row = data.rows[place]
  const pkg = data.packages[row.p]
  const state = data.states[row.k]
  const facts = [
    [
      'Package',
      pkg.url === '' ? visible(pkg.name) : make('a', { href: pkg.url, rel: 'noreferrer' }, visible(pkg.name))
    ],
    ['Verdict', make('span', {}, make('span', { class: `dot ${state.tone}` }), state.word)],
    ['Digest', make('code', {}, row.d)],
    ['Version id', String(row.i)],
    ['Tags', row.t.length === 0 ? 'none' : make('span', {}, visible(row.t.join(', ')))],
    ['Date', `${day(row.a)} (${ageOf(row.a)})`],
    ...(row.n === undefined ? [] : [['What it is', visible(row.n)]])
  ]
  return [
    make('button', { type: 'button', class: 'close', onclick: () => choose(undefined) }, 'Close'),
    make('h2', {}, nameOf(row)),
    make('dl', {}, ...facts.flatMap(([term, fact]) => [make('dt', {}, term), make('dd', {}, fact)])),
    make('strong', {}, 'Why'),
    make('ul', { id: 'reasons' }, ...row.r.map(reason => make('li', {}, visible(reason)))),
    ...graphOf(place)
  ]
}

/** At most this many boxes: nobody reads more. */
const MOST_NODES = 40

/** Everything that the image is made of, and what describes it; above it, what needs it. */
function graphOf(place) {
  const depths = new Map()
  const edges = []
  const tops = topsOf(place)
  const queue = tops.map(top => [top, 0])
  let left = 0
  for (let at = 0; at < queue.length; at++) {
    const [node, depth] = queue[at]
    if (depths.has(node)) continue
    if (depths.size >= MOST_NODES) {
      left++
      continue
    }
    depths.set(node, depth)
    for (const child of data.rows[node].c ?? []) queue.push([child, depth + 1])
    for (const referrer of describedBy.get(node) ?? []) queue.push([referrer, depth + 1])
  }
  if (depths.size < 2) return [make('p', { class: 'soft' }, 'Nothing else belongs to it.')]
  for (const node of depths.keys()) {
    for (const child of data.rows[node].c ?? []) if (depths.has(child)) edges.push([node, child, ''])
    const subject = data.rows[node].s
    if (subject !== undefined && depths.has(subject)) edges.push([subject, node, 'describes'])
  }
  const note = left > 0 ? `And ${number(left)} more. ` : ''
  return [
    make('strong', {}, 'What belongs to it'),
    draw(place, depths, edges),
    make(
      'p',
      { class: 'soft' },
      `${note}A line leads from an index to what it contains, a dashed line to what describes it.`
    )
  ]
}

/** What needs the version, up to where nothing needs that. */
function topsOf(place) {
  const tops = new Set()
  const seen = new Set()
  const climb = node => {
    if (seen.has(node) || seen.size > 200) return
    seen.add(node)
    const subject = data.rows[node].s
    const above = [...(namedBy.get(node) ?? []), ...(subject === undefined ? [] : [subject])]
    if (above.length === 0) tops.add(node)
    for (const one of above) climb(one)
  }
  climb(place)
  return tops.size === 0 ? [place] : [...tops]
}

const BOX = { width: 216, height: 40, across: 36, down: 10 }

function draw(place, depths, edges) {
  const columns = new Map()
  const spots = new Map()
  for (const [node, depth] of depths) {
    const inColumn = columns.get(depth) ?? 0
    columns.set(depth, inColumn + 1)
    spots.set(node, { x: depth * (BOX.width + BOX.across) + 2, y: inColumn * (BOX.height + BOX.down) + 2 })
  }
  const width = (Math.max(...depths.values()) + 1) * (BOX.width + BOX.across)
  const height = Math.max(...columns.values()) * (BOX.height + BOX.down)
  const lines = edges.map(([from, to, look]) => {
    const a = spots.get(from)
    const b = spots.get(to)
    const [x, y] = [a.x + BOX.width, a.y + BOX.height / 2]
    const end = b.y + BOX.height / 2
    const middle = x + BOX.across / 2
    return svg('path', { class: look, d: `M${x} ${y}C${middle} ${y} ${middle} ${end} ${b.x} ${end}` })
  })
  const nodes = [...spots].map(([node, { x, y }]) => nodeOf(node, x, y, node === place))
  return svg(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', id: 'graph' },
    ...lines,
    ...nodes
  )
}

function nodeOf(node, x, y, here) {
  const row = data.rows[node]
  const state = data.states[row.k]
  const clip = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text)
  const group = svg(
    'g',
    { class: `node ${state.tone}${here ? ' here' : ''}` },
    svg('rect', { x, y, width: BOX.width, height: BOX.height, rx: 6 }),
    svg(
      'text',
      { x: x + 10, y: y + 17 },
      clip(row.n !== undefined && row.t.length === 0 ? visible(row.n) : nameOf(row), 25)
    ),
    svg('text', { class: 'small', x: x + 10, y: y + 32 }, `${short(row.d).slice(7)}  ${state.word}`)
  )
  group.addEventListener('click', () => choose(node))
  return group
}

function svg(tag, properties, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, String(value))
  element.append(...children)
  return element
}

// --- All together ---

function update() {
  const places = []
  data.rows.forEach((row, place) => {
    if (matches(row, place, false)) places.push(place)
  })
  shown = places.sort((a, b) => rank(a) - rank(b) || (data.rows[a].a ?? 0) - (data.rows[b].a ?? 0))
  const hidden = data.hidden > 0 ? `, ${number(data.hidden)} kept parts are only in the JSON report` : ''
  total.textContent = `${number(shown.length)} of ${number(data.rows.length)} shown${hidden}`
  sheet.style.height = `${shown.length * ROW_HEIGHT}px`
  scroll.scrollTop = 0
  drawTimeline()
  drawRows()
}

/** What is in doubt first, then what goes, oldest first, then what stays. */
function rank(place) {
  return { trouble: 0, goes: 1, stays: 2 }[toneOf(data.rows[place])]
}

const table = make('div', { class: 'table', role: 'table', 'aria-label': 'Versions' }, heads, scroll)
both.append(table)
document
  .getElementById('app')
  .append(
    ...head.filter(part => part !== ''),
    ...(newest - oldest > DAY ? [timeline, ends] : []),
    filters,
    both
  )
update()
window.addEventListener('resize', drawRows)
