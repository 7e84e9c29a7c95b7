// openid-client, which the OpenID Foundation has certified, with everything of it that a site of ours offers.
import * as oc from "openid-client";

import { end, enter, found, given, open, refused } from "./test_side.mjs";

const HTTP = { execute: [oc.allowInsecureRequests] };
const SCOPE = "openid profile email groups offline_access protected:read unknown";

const discover = (client, authentication, metadata) =>
  oc.discovery(new URL(given.issuer), client.id, metadata, authentication ?? oc.ClientSecretBasic(client.secret), HTTP);

async function begin(parameters = {}) {
  const verifier = oc.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier: verifier, expectedState: oc.randomState(), expectedNonce: oc.randomNonce() };
  return {
    checks: { ...checks, idTokenExpected: true },
    parameters: {
      redirect_uri: given.callback,
      scope: SCOPE,
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      code_challenge: await oc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      ...parameters,
    },
  };
}

async function logIn(config, parameters, checks = {}, options = undefined) {
  const begun = await begin(parameters);
  const answer = await open(oc.buildAuthorizationUrl(config, begun.parameters));
  begun.checks = { ...begun.checks, ...checks };
  return { answer, ...begun, tokens: await oc.authorizationCodeGrant(config, answer, begun.checks, undefined, options) };
}

const isActive = async (config, token) => (await oc.tokenIntrospection(config, token)).active;

// Discovery, code with PKCE, nonce, iss, userinfo
const web = await discover(given.web);
const server = web.serverMetadata();
found("discovery", server.issuer === given.issuer && server.supportsPKCE() && server.authorization_response_iss_parameter_supported);
const first = await logIn(web);
const claims = first.tokens.claims();
found("iss", first.answer.searchParams.get("iss") === given.issuer);
found("scope", first.tokens.scope);
found("claims", { user: claims.preferred_username, email: claims.email, groups: claims.groups, amr: claims.amr });
const userinfo = await oc.fetchUserInfo(web, first.tokens.access_token, claims.sub);
found("userinfo", userinfo.preferred_username);
const api = await oc.fetchProtectedResource(web, first.tokens.access_token, new URL(`${given.issuer}/protected`), "GET");
found("protected resource", api.status);

// Refresh, reuse of a refresh token and of a code
const second = await oc.refreshTokenGrant(web, first.tokens.refresh_token);
found("refresh", [Boolean(second.refresh_token), second.claims().sub === claims.sub, await isActive(web, second.access_token)]);
const third = await oc.refreshTokenGrant(web, second.refresh_token);
// A client that repeats itself at once gets the same answer; later it counts as a thief.
await new Promise((resume) => setTimeout(resume, given.overlap * 1500));
found("reuse of a refresh token", await refused(() => oc.refreshTokenGrant(web, first.tokens.refresh_token)));
found("after the reuse", [await isActive(web, third.access_token), await refused(() => oc.refreshTokenGrant(web, third.refresh_token))]);
const again = await logIn(web);
found("reuse of a code", await refused(() => oc.authorizationCodeGrant(web, again.answer, again.checks)));
found("after that", await isActive(web, again.tokens.access_token));

// The age of the login
const now = await logIn(web, { max_age: "0" }, { maxAge: 0 });
found("max_age=0", now.tokens.claims().auth_time >= claims.auth_time);
const renewed = await logIn(web, { prompt: "login" });
found("prompt=login", renewed.tokens.claims().auth_time >= now.tokens.claims().auth_time);
const none = await logIn(web, { prompt: "none" });
found("prompt=none", none.tokens.claims().sub === claims.sub);

// Introspection and revocation
const state = await oc.tokenIntrospection(web, none.tokens.access_token);
found("introspection", [state.active, state.client_id === given.web.id, state.sub === claims.sub]);
await oc.tokenRevocation(web, none.tokens.refresh_token);
found("revocation", [await isActive(web, none.tokens.access_token), await isActive(web, none.tokens.refresh_token)]);

// Pushed authorization request
const pushed = await begin();
const pushedUrl = await oc.buildAuthorizationUrlWithPAR(web, pushed.parameters);
found("pushed request", [...pushedUrl.searchParams.keys()].sort().join(" "));
const fromPushed = await oc.authorizationCodeGrant(web, await open(pushedUrl), pushed.checks);
found("login by it", fromPushed.claims().sub === claims.sub);

// Client credentials for another service, secret in the body
const service = await discover(given.service, oc.ClientSecretPost(given.service.secret));
const machine = await oc.clientCredentialsGrant(service, { scope: "protected:read", resource: given.resource });
found("client credentials", [(await oc.tokenIntrospection(service, machine.access_token)).aud, machine.scope]);
found("another resource", await refused(() => oc.clientCredentialsGrant(service, { resource: "https://elsewhere.example.org" })));

// DPoP
const dpop = oc.getDPoPHandle(web, await oc.randomDPoPKeyPair("ES256"));
const bound = await logIn(web, {}, {}, { DPoP: dpop });
const shown = await oc.fetchUserInfo(web, bound.tokens.access_token, claims.sub, { DPoP: dpop });
found("DPoP", [bound.tokens.token_type.toLowerCase(), shown.sub === claims.sub]);
const stolen = await fetch(`${given.issuer}/oauth/userinfo`, { headers: { authorization: `Bearer ${bound.tokens.access_token}` } });
found("DPoP token as bearer", stolen.status);
found("DPoP refresh without key", (await oc.refreshTokenGrant(web, bound.tokens.refresh_token, undefined, { DPoP: dpop })).token_type.toLowerCase());

// A public client: device grant
const phone = await discover(given.phone, oc.None());
const begun = await oc.initiateDeviceAuthorization(phone, { scope: "openid offline_access" });
await enter(begun.verification_uri_complete, "allow");
const device = await oc.pollDeviceAuthorizationGrant(phone, { ...begun, interval: 0.1 });
found("device", [device.claims().sub === claims.sub, Boolean(device.refresh_token)]);
const denied = await oc.initiateDeviceAuthorization(phone, { scope: "openid" });
await enter(denied.verification_uri_complete, "deny");
found("device denied", await refused(() => oc.pollDeviceAuthorizationGrant(phone, { ...denied, interval: 0.1 })));

// Authentication with a private key
const key = await crypto.subtle.importKey("jwk", given.keyed.jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
const keyed = await discover(given.keyed, oc.PrivateKeyJwt({ key, kid: given.keyed.jwk.kid }));
found("private_key_jwt", (await logIn(keyed)).tokens.claims().sub === claims.sub);

// Registration by the app itself, which gets RS256 as the standard has it, and an identifier of its user of its own
const own = await oc.dynamicClientRegistration(
  new URL(given.issuer),
  { client_name: "Own", redirect_uris: [given.callback], subject_type: "pairwise" },
  undefined,
  { ...HTTP, initialAccessToken: given.registrationToken },
);
const registered = await logIn(own, { scope: "openid profile" });
const header = JSON.parse(Buffer.from(registered.tokens.id_token.split(".")[0], "base64url"));
const pairwise = registered.tokens.claims();
found("registration", [header.alg, pairwise.preferred_username, pairwise.sub === claims.sub]);

// Logout
const logout = oc.buildEndSessionUrl(web, { id_token_hint: first.tokens.id_token, post_logout_redirect_uri: given.loggedOut, state: "bye" });
found("end session", (await open(logout)).href);
end();
