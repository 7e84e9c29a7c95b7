import { _ } from "./text.js"

/**
 * <password-field>: around the field for a password. A button shows what is typed; where one is chosen, `check` is asked
 * how hard it is to guess. Without JavaScript the field is there, and the server says all of it when the form is sent.
 */
const PAUSE = 400

class PasswordField extends HTMLElement {
  connectedCallback() {
    if (this.button) return
    this.field = this.querySelector("input")
    this.said = this.querySelector(".strength")
    this.addButton()
    if (this.hasAttribute("check")) this.field.addEventListener("input", () => this.wait())
    // Browsers keep what text fields held; a password must be one again when it is sent.
    this.field.form?.addEventListener("submit", () => this.show(false))
  }

  addButton() {
    const row = Object.assign(document.createElement("div"), { className: "password" })
    this.button = Object.assign(document.createElement("button"), { type: "button", className: "button button--quiet" })
    this.button.setAttribute("aria-controls", this.field.id)
    const isFocused = this.field === document.activeElement
    this.field.replaceWith(row)
    row.append(this.field, this.button)
    if (isFocused) this.field.focus()
    this.button.addEventListener("click", () => this.show(this.field.type === "password"))
    this.show(false)
  }

  show(isShown) {
    this.field.type = isShown ? "text" : "password"
    this.field.spellcheck = false
    this.field.autocapitalize = "none"
    this.button.textContent = isShown ? _("Hide") : _("Show")
    this.button.setAttribute("aria-label", isShown ? _("Hide password") : _("Show password"))
  }

  wait() {
    clearTimeout(this.pause)
    if (this.field.value) this.pause = setTimeout(() => this.ask(), PAUSE)
    else this.said.replaceChildren()
  }

  async ask() {
    const form = this.field.form
    const typed = (name) => form.elements[name]?.value || this.getAttribute(name) || ""
    const password = this.field.value
    const answer = await fetch(this.getAttribute("check"), {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": typed("csrf_token") },
      body: JSON.stringify({ password, username: typed("username"), email: typed("email"), role: this.getAttribute("for-role") ?? "" }),
    }).catch(() => null)
    // A response about an earlier password is ignored.
    if (answer?.ok && password === this.field.value) this.say(await answer.json())
  }

  say({ score, message }) {
    const steps = Object.assign(document.createElement("span"), { className: "strength__steps" })
    steps.setAttribute("aria-hidden", "true")
    for (let step = 1; step <= 4; step++) {
      const line = document.createElement("i")
      line.classList.toggle("is-reached", step <= score)
      steps.append(line)
    }
    this.said.classList.toggle("strength--weak", score < 3)
    this.said.replaceChildren(steps, message)
  }
}

customElements.define("password-field", PasswordField)
