// A line that says how good the connection is, once a second for the length of the call.
import { CALL_STATUS, type Call } from "offhook";

export function showQuality(call: Call, show: (text: string) => void): void {
  let lostBefore = 0;
  const timer = setInterval(() => {
    call.getStats().then(({ inboundStream: { audio } }) => {
      const lost = Number(audio?.packetsLost ?? 0);
      show(`${String(audio?.codec)}, ${String(lost - lostBefore)} packets lost in the last second`);
      lostBefore = lost;
    }, () => undefined);
  }, 1_000);
  for (const status of [CALL_STATUS.FINISH, CALL_STATUS.BUSY, CALL_STATUS.FAILED]) {
    call.on(status, () => clearInterval(timer));
  }
}
