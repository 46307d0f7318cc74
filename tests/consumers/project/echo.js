// What every page here does: calls the relay's echo, and shows how that goes.

/** Nothing may change the sound on its way: the test compares what comes back with what was said. */
const AS_IT_IS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/** Makes a session with the relay that the page's address names, and a call in it. */
export function callEcho(createSession) {
  const element = (id) => document.querySelector(id);
  const show = (text) => (element("#status").textContent = text);
  const urlServer = new URLSearchParams(location.search).get("relay");
  const session = createSession({ urlServer, sipOptions: { login: "alice" } });
  session.on("FAILED", () => show(`${session.error().code}: ${session.error().message}`));
  session.on("ESTABLISHED", () => {
    const call = session.createCall({
      callee: "echo",
      remoteVideoDisplay: element("#remote"),
      constraints: { audio: AS_IT_IS },
    });
    for (const status of ["ESTABLISHED", "FINISH"]) call.on(status, () => show(status));
    call.on("FAILED", () => show(call.getInfo()));
    element("#hangup").onclick = () => call.hangup();
    call.call();
  });
}
