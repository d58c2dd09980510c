/** The page's CSRF token, for requests that a script sends. */
export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}
