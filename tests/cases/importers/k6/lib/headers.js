export default function buildHeaders(from) {
  return { 'X-From': from.toUpperCase() };
}
