/** Numbers that the relay answers by itself. */
export const SERVICES = [
  { number: "echo", about: "You hear yourself" },
  { number: "tone", about: "A tone, then a spoken sentence" },
  { number: "dtmf", about: "Plays back the keys you press" },
  { number: "busy", about: "Is always busy" },
  { number: "noanswer", about: "Rings, and nobody answers" },
] as const;
