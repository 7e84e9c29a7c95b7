import { _ } from "./text.js"

/**
 * <session-end at login>: shows itself ten minutes before the session ends, counts, and puts the end off without leaving
 * the page. Without JavaScript it stands there when the page came that late, and its button is a form.
 */
const WARNING = 10 * 60_000
const EVERY = 15_000

class SessionEnd extends HTMLElement {
  connectedCallback() {
    this.end = Date.parse(this.getAttribute("at"))
    this.words = this.querySelector("div > span")
    this.querySelector("form")?.addEventListener("submit", (event) => this.stay(event))
    document.addEventListener("visibilitychange", () => this.look())
    this.look()
  }

  disconnectedCallback() {
    clearTimeout(this.timer)
  }

  look() {
    clearTimeout(this.timer)
    const left = this.end - Date.now()
    if (left <= 0) return this.over()
    this.hidden = left > WARNING
    if (!this.hidden) this.words.textContent = words(left)
    // setTimeout overflows after 24.8 days.
    this.timer = setTimeout(() => this.look(), this.hidden ? Math.min(left - WARNING, 3_600_000) : EVERY)
  }

  over() {
    this.hidden = false
    const login = Object.assign(document.createElement("a"), { href: this.getAttribute("login"), textContent: _("Log in again") })
    this.words.replaceChildren(_("Your session has ended."), " ", login)
    this.querySelector(".button")?.remove()
  }

  async stay(event) {
    event.preventDefault()
    const form = event.target
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } })
      if (!answer.ok) return this.over()
      this.end = Date.parse((await answer.json()).ends_at)
      this.look()
    } catch {
      form.submit()
    }
  }
}

const words = (left) =>
  left < 90_000 ? _("Your session ends in about a minute.") : _("Your session ends in %(minutes)s minutes.", { minutes: Math.round(left / 60_000) })

customElements.define("session-end", SessionEnd)
