/** Texts of scripts in the language of the page; `make messages` writes texts-<language>.js from the catalogue. */
const { lang } = document.documentElement
const texts = lang === "en" ? {} : (await import(`./texts-${lang}.js`)).default

/** Such as _("Download as %(name)s", { name: ".env" }). */
export function _(text, values = {}) {
  return Object.entries(values).reduce((said, [name, value]) => said.replaceAll(`%(${name})s`, value), texts[text] ?? text)
}
