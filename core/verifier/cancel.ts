/** Thrown by the verifier after `isCancelled` answered true. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}
