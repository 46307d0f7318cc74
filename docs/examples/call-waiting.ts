// Two calls at once: a second one rings while the first goes on; one is held while the other speaks.
import { CALL_STATUS, SESSION_STATUS, type Call, type Session } from "offhook";

export class Lines {
  /** The call that speaks. */
  active: Call | undefined;

  constructor(
    readonly session: Session,
    readonly changed: (calls: Call[]) => void,
  ) {
    session.on(SESSION_STATUS.INCOMING_CALL, (call) => this.#watch(call));
  }

  dial(callee: string): void {
    this.active?.hold();
    const call = this.session.createCall({ callee });
    this.#watch(call);
    this.active = call;
    call.call();
  }

  /** Answers a waiting call and holds the one that speaks. */
  answer(waiting: Call): void {
    this.active?.hold();
    this.active = waiting;
    waiting.answer();
  }

  /** Goes to the other call. */
  swap(): void {
    const held = this.session.getCalls().find((call) => call.status() === CALL_STATUS.HOLD && call !== this.active);
    if (!held) return;
    this.active?.hold();
    this.active = held;
    held.unhold();
  }

  /** Joins the far ends of both calls; this end leaves. */
  join(): void {
    const other = this.session.getCalls().find((call) => call !== this.active);
    if (this.active && other) this.active.transfer(other);
  }

  #watch(call: Call): void {
    const show = (): void => this.changed(this.session.getCalls());
    for (const status of [CALL_STATUS.RING, CALL_STATUS.ESTABLISHED, CALL_STATUS.HOLD]) call.on(status, show);
    for (const status of [CALL_STATUS.FINISH, CALL_STATUS.BUSY, CALL_STATUS.FAILED]) {
      call.on(status, () => {
        if (this.active === call) this.active = undefined;
        show();
      });
    }
  }
}
