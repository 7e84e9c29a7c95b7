import { _ } from "./text.js"

/**
 * <passkey-button>: inside a form, around a hidden button. Fetches `options`, lets the browser make a passkey
 * (`ceremony="create"`) or ask one, and sends the form with the answer in its field `response`. With `autofill` the
 * browser offers passkeys in the name field too. Without JavaScript the button stays hidden, and <noscript> says so.
 */
const { PublicKeyCredential } = window
// A challenge works for five minutes; one that waits for autofill is made anew before.
const RENEWED = 4 * 60 * 1000

const WORDS = {
  NotAllowedError: _("Nothing was chosen, or it took too long. Try again."),
  InvalidStateError: _("This device already has a passkey for this account."),
  NotSupportedError: _("This browser does not support passkeys on this site."),
  SecurityError: _("Passkeys do not work at an IP address. Open this site by its host name."),
}

class PasskeyButton extends HTMLElement {
  connectedCallback() {
    if (this.button) return
    this.form = this.closest("form")
    this.button = this.querySelector("button")
    this.said = this.querySelector("[role=status]")
    this.makes = this.getAttribute("ceremony") === "create"
    if (!PublicKeyCredential?.parseCreationOptionsFromJSON) {
      this.say(_("This browser does not support passkeys on this site."))
      return
    }
    this.button.hidden = false
    this.button.addEventListener("click", () => this.use())
    if (this.hasAttribute("autofill")) this.wait()
  }

  disconnectedCallback() {
    clearTimeout(this.renewal)
    this.waiting?.abort()
  }

  async use() {
    this.disconnectedCallback()
    this.button.disabled = true
    this.say("")
    await this.send({})
    this.button.disabled = false
    if (this.hasAttribute("autofill") && !this.isSent) this.wait()
  }

  async wait() {
    // Created before the first await, so that a click on the button can abort it at any time.
    const waiting = (this.waiting = new AbortController())
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.()) || waiting.signal.aborted) return
    this.renewal = setTimeout(() => {
      waiting.abort()
      this.wait()
    }, RENEWED)
    await this.send({ mediation: "conditional", signal: waiting.signal })
  }

  async send(how) {
    try {
      const headers = { Accept: "application/json" }
      const answer = await fetch(this.getAttribute("options"), { headers, signal: how.signal })
      if (!answer.ok) throw new Error((await answer.json()).detail)
      const { publicKey } = await answer.json()
      const credential = this.makes
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey), ...how })
      this.finish(JSON.stringify(credential.toJSON()))
    } catch (error) {
      // The user did not start what runs for autofill, so its errors are not shown; the button shows them again.
      if (error.name !== "AbortError" && !how.mediation) {
        this.say(WORDS[error.name] ?? _("The passkey could not be used: %(reason)s", { reason: error.message }))
      }
    }
  }

  finish(response) {
    this.isSent = true
    this.form.elements.response.value = response
    const ticked = document.getElementById(this.getAttribute("remember"))
    if (ticked) this.form.elements.remember.value = ticked.checked ? "y" : ""
    this.form.submit()
  }

  say(words) {
    this.said.textContent = words
  }
}

customElements.define("passkey-button", PasskeyButton)
