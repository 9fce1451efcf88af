// Owns a page of characters that terminals get wrong: wide, combined, joined, of no width, right to left. Ends alone.

const SAMPLES = [
  "Wide: 漢字かな交じり文 한국어 ｆｕｌｌｗｉｄｔｈ 𠀀𠀁",
  "Combining: e\u0301 a\u0308\u0301 n\u0303 Z\u0351\u036b\u0343a\u035f\u035el\u0488g\u0321o",
  "Emoji: 😀🎉🚀 ❤ ❤\ufe0f ☺ ☺\ufe0f ✂\ufe0f 1\ufe0f\u20e3",
  "Skin and families: 👍👍\u{1f3fd} 👩\u200d💻 👨\u200d👩\u200d👧\u200d👦 🏳\ufe0f\u200d🌈 🧑\u{1f3ff}\u200d🤝\u200d🧑\u{1f3fb}",
  "Flags: 🇩🇪🇯🇵🇧🇷 🇺 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
  "Scripts: नमस्ते क्षत्रिय สวัสดี ไก่ مرحبا שלום ქართული Ελληνικά Кириллица",
  "No width: a\u200bb c\u200dd e\u2060f \ufeffg s\u00adh",
  "Lines: ┌─┬─┐│├┼┤│└┴┘ ═║╔╗ ▁▂▃▄▅▆▇█ ░▒▓ ⣿⠿ ← → ⇒ ∀∃∑∞ ☑☒",
  "Ambiguous: ① ② ± × ÷ § ¶ “quotes” … – — ° α β",
];

for (let round = 0; round < 4; round += 1) {
  for (const [number, sample] of SAMPLES.entries()) {
    process.stdout.write(`\x1b[3${number % 8}m${round}.${number}\x1b[39m ${sample} ${sample}\r\n`);
  }
}
// At every column of the right edge.
const cols = process.stdout.columns ?? 80;
for (let back = 0; back < 4; back += 1) {
  process.stdout.write(`\x1b[${cols - back}G漢👩\u200d💻e\u0301❤\ufe0f👍\u{1f3fd}end\r\n`);
}
