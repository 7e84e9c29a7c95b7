/**
 * <redirect-uri pattern follows>: the redirect URI in it shows the short name that is entered below. With `follows` the
 * short name follows the name of the provider, until somebody enters another one. Without JavaScript the page shows the
 * usual short name, and the page after it the one that was entered.
 */
const LONGEST = 30

class RedirectUri extends HTMLElement {
  connectedCallback() {
    this.text = this.querySelector("pre")
    this.slug = document.getElementById("slug")
    this.usual = this.slug.value
    this.slug.addEventListener("input", () => this.show())
    if (!this.hasAttribute("follows")) return
    const name = document.getElementById("name")
    name.addEventListener("input", () => this.follow(name.value))
    this.slug.addEventListener("input", () => (this.isOwn = this.slug.value !== ""))
  }

  follow(name) {
    if (this.isOwn) return
    this.slug.value = short(name) || this.usual
    this.show()
  }

  show() {
    this.text.textContent = this.getAttribute("pattern").replace("{}", short(this.slug.value) || this.usual)
  }
}

/** A name as it can stand in a URL. */
function short(name) {
  const plain = name.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "")
  return plain.replace(/[^a-z0-9]+/g, "-").slice(0, LONGEST).replace(/^-|-$/g, "")
}

customElements.define("redirect-uri", RedirectUri)
