// How figures are written: as everywhere in the program, rupees with two decimals and a real minus sign.

const money = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 4 });
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export function rupees(value) {
  return value === null || value === undefined ? "–" : `${value < 0 ? "−" : ""}₹${money.format(Math.abs(value))}`;
}

export function signed(value) {
  return value > 0 ? `+${rupees(value)}` : rupees(value);
}

export function price(value) {
  return value === null || value === undefined ? "–" : money.format(value);
}

export function percent(value) {
  return value === null || value === undefined ? "" : `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}%`;
}

export function count(value) {
  return value === null || value === undefined ? "–" : whole.format(value);
}

export function tone(value) {
  return value > 0 ? "gain" : value < 0 ? "loss" : "";
}

export function clock(text) {
  return text ? text.slice(11, 19) : "";
}

export function age(seconds) {
  if (seconds === null || seconds === undefined) return "none yet";
  if (seconds < 1.5) return "now";
  if (seconds < 120) return `${Math.round(seconds)} s ago`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`;
  return `${Math.round(seconds / 3600)} h ago`;
}
