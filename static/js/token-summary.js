import { _ } from "./text.js"

/**
 * <token-summary src>: asks the site for a summary of the token that the form around it describes, and shows it while somebody types.
 * Without JavaScript its button asks the same.
 */
const PAUSE = 300

class TokenSummary extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form")
    this.words = this.querySelector(".token-summary__text")
    this.querySelector(".token-summary__update").hidden = true
    this.form.addEventListener("input", () => this.wait())
  }

  wait() {
    clearTimeout(this.pause)
    this.pause = setTimeout(() => this.ask(), PAUSE)
  }

  async ask() {
    const turn = (this.turn = (this.turn ?? 0) + 1)
    const body = new URLSearchParams(new FormData(this.form))
    const answer = await fetch(this.getAttribute("src"), { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null)
    // A response to earlier values of the form is ignored.
    if (turn !== this.turn || !answer) return
    const told = await answer.json().catch(() => ({}))
    const wrong = Object.values(told.errors ?? {}).flat()
    this.classList.toggle("token-summary--invalid", !answer.ok)
    this.say(answer.ok ? told.summary : wrong.length ? wrong : [told.detail ?? _("This site is not responding.")])
  }

  say(sentences) {
    this.words.replaceChildren(
      ...sentences.map((sentence) => Object.assign(document.createElement("p"), { textContent: sentence })),
    )
  }
}

customElements.define("token-summary", TokenSummary)
