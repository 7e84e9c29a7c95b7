import { _ } from "./text.js"

/**
 * <wait-for-token src>: asks the token's own page, as JSON, whether its first request has come, and says so.
 * It asks every two seconds while somebody looks, for ten minutes. Without JavaScript the link beside it leads there.
 */
const EVERY = 2_000
const AT_MOST = 10 * 60_000

class WaitForToken extends HTMLElement {
  connectedCallback() {
    this.until = Date.now() + AT_MOST
    this.querySelector("small").textContent = _("This updates automatically.")
    this.next()
  }

  disconnectedCallback() {
    clearTimeout(this.timer)
  }

  next() {
    this.timer = setTimeout(() => this.ask(), EVERY)
  }

  async ask() {
    if (Date.now() > this.until) return this.say("wait--over", _("No request yet."), _("10 minutes have passed. The page of the token shows when it is used."))
    const token = document.hidden ? null : await read(this.getAttribute("src"))
    if (!token?.last_used_at) return this.next()
    this.say("wait--seen", [_("First request seen:"), described(token)].join(" "), _("It works."))
  }

  say(state, sentence, rest) {
    this.classList.add(state)
    const words = this.querySelector("p")
    const small = words.querySelector("small")
    small.textContent = rest
    words.replaceChildren(sentence, small)
  }
}

/** Such as "GET /protected, 10.0.0.7, curl". */
function described(token) {
  return [token.last_used_for, token.last_used_from, token.last_used_by].filter(Boolean).join(", ")
}

/** The token as the JSON of its page; null while the site cannot be reached. */
async function read(url) {
  try {
    const answer = await fetch(url, { headers: { Accept: "application/json" } })
    if (!answer.ok) return null
    const body = await answer.json()
    return body.token ?? body
  } catch {
    return null
  }
}

customElements.define("wait-for-token", WaitForToken)
