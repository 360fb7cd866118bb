/** Requests, and time in milliseconds, that are kept for work that must follow. */
export interface Room {
  readonly requests: number
  readonly ms: number
}

/** Room that only urgent requests may use. @param most no more time than this is set aside (milliseconds) */
export function createAside(most: number) {
  const aside = new Set<() => Room>()
  return {
    /** Keeps room until what it gives is called. @param room asked whenever a request wants to go out */
    add(room: () => Room): () => void {
      aside.add(room)
      return () => aside.delete(room)
    },
    /** What others than urgent requests must leave. */
    kept(): Room {
      const rooms = [...aside].map(room => room())
      const requests = rooms.reduce((sum, room) => sum + room.requests, 0)
      return { requests, ms: Math.min(most, Math.max(0, ...rooms.map(({ ms }) => ms))) }
    }
  }
}
