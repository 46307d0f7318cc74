// Things that travel with a call: SIP headers, data for the other app, and messages during the call.
import { SESSION_STATUS, type Call, type Session } from "offhook";

export function callWithOrder(session: Session, callee: string, order: number): Call {
  const call = session.createCall({
    callee,
    sipHeaders: { "X-Order": String(order) }, // for SIP servers, which may route by it
    custom: { order },                        // for the far end's app, when that is a browser
  });
  call.call();
  return call;
}

export function receive(session: Session, show: (text: string) => void): void {
  session
    .on(SESSION_STATUS.INCOMING_CALL, (call) => {
      const order = call.getHeader("X-Order");
      show(`${call.visibleName()} calls${order === undefined ? "" : ` about order ${order}`}`);
    })
    .on(SESSION_STATUS.APP_DATA, ({ payload, from }) => show(`${from ?? "Somebody"}: ${JSON.stringify(payload)}`));
}

export async function say(session: Session, text: string, show: (text: string) => void): Promise<void> {
  try {
    await session.sendData({ text });
  } catch (error) {
    show(error instanceof Error ? error.message : String(error));
  }
}
