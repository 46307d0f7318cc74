"use client";

import { useEffect } from "react";
import { createSession } from "offhook";
import { callEcho } from "../../echo.js";

export default function Page() {
  useEffect(() => callEcho(createSession), []);
  return (
    <>
      <p id="status"></p>
      <div id="remote"></div>
      <button id="hangup">Hang up</button>
    </>
  );
}
