/**
 * The entry for `@github/local-action`, which wants an export `run`:
 *
 *   npm install --no-save @github/local-action && npx local-action . scripts/local-action.ts .env
 *
 * It runs the action from source and prints its log. It does not take over the outputs, because it replaces its own
 * @actions/core and not the one here; `npm run workflows` runs whole workflows through an engine.
 */
export { main as run } from '../src/main.ts'
