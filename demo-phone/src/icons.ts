const draw = (paths: string): string =>
  `<svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.8" ` +
  `stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${paths}</svg>`;

const HANDSET =
  "M6.6 4.1 9 3.600a1 1 0 0 1 1.100.6l1.200 2.700a1 1 0 0 1-.3 1.200L9.500 9.400a12 12 0 0 0 5.100 5.100l1.300-1.500a1 1 0 0 1 " +
  "1.200-.3l2.700 1.200a1 1 0 0 1 .6 1.100l-.5 2.400a1.600 1.600 0 0 1-1.600 1.300C10.700 18.700 5.300 13.300 5.300 5.700a1.600 1.600 0 0 1 1.300-1.600z";

/** The phone's pictures, as SVG text. Each is decoration: the control that shows it has a name of its own. */
export const ICONS = {
  call: draw(`<path d="${HANDSET}"/>`),
  hangup: draw(`<g transform="rotate(135 12 12)"><path d="${HANDSET}"/></g>`),
  mute: draw('<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.500 11a6.500 6.500 0 0 0 13 0M12 17.500V21"/>'),
  muted: draw('<path d="M15 10V6a3 3 0 0 0-5.900-.8M9 9.500V11a3 3 0 0 0 4.600 2.500M5.500 11a6.500 6.500 0 0 0 10.300 5.300M18.500 11a6.500 6.500 0 0 1-.6 2.700M12 17.500V21M4 3.500l16 17"/>'),
  hold: draw('<path d="M9 5v14M15 5v14"/>'),
  resume: draw('<path d="M8 5l11 7-11 7z"/>'),
  keypad: draw(
    [5, 12, 19].flatMap((x) => [5, 12, 19].map((y) => `<circle cx="${x}" cy="${y}" r="1.300" fill="currentColor"/>`)).join(""),
  ),
  transfer: draw('<path d="M4 12h15M13 6l6 6-6 6"/>'),
  erase: draw('<path d="M9 5h10a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H9l-6-7z"/><path d="m12 9.500 5 5m0-5-5 5"/>'),
  shuffle: draw('<path d="M4 12a8 8 0 0 1 13.700-5.600L20 8.500M20 4v4.500h-4.500M20 12a8 8 0 0 1-13.700 5.600L4 15.500M4 20v-4.500h4.500"/>'),
  close: draw('<path d="m6 6 12 12M18 6 6 18"/>'),
} as const;
