// node-oidc-provider, which is certified, as an identity provider. Argument: its port, its client and the file with the
// groups of its users, by name, as JSON.
import { readFileSync } from "node:fs"
import Provider from "oidc-provider"

const { port, client, groups } = JSON.parse(process.argv[2])
const issuer = `http://127.0.0.1:${port}`

const provider = new Provider(issuer, {
  clients: [client],
  pkce: { required: () => true },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"], groups: ["groups"] },
  features: { backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  cookies: { keys: ["of the tests"] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({
      sub: id, email: `${id}@example.org`, email_verified: true, name: id, preferred_username: id,
      groups: groups ? JSON.parse(readFileSync(groups))[id] ?? [] : [],
    }),
  }),
  // It fetches no loopback URL otherwise.
  fetch: (url, options) => {
    delete options.dispatcher
    return globalThis.fetch(url, options)
  },
})
for (const event of ["server_error", "backchannel.error"]) provider.on(event, (...found) => console.error(event, ...found))
provider.listen(port, "127.0.0.1", () => console.log("ready"))
