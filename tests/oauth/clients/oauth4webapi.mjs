// oauth4webapi: the same protocol by a library that leaves each check to its caller.
import * as oauth from "oauth4webapi";

import { end, found, given, open } from "./test_side.mjs";

const HTTP = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(given.issuer);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, HTTP));
const metadata = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { ...HTTP, algorithm: "oauth2" }),
);
found("metadata of OAuth", metadata.token_endpoint === as.token_endpoint);
const client = { client_id: given.phone.id };
const verifier = oauth.generateRandomCodeVerifier();
const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
const url = new URL(as.authorization_endpoint);
url.search = new URLSearchParams({
  client_id: client.client_id,
  redirect_uri: given.native,
  response_type: "code",
  scope: "openid email",
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
});
const parameters = oauth.validateAuthResponse(as, client, await open(url), state);
const answer = await oauth.authorizationCodeGrantRequest(as, client, oauth.None(), parameters, given.native, verifier, HTTP);
const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce, requireIdToken: true });
await oauth.validateApplicationLevelSignature(as, answer, HTTP);
const claims = oauth.getValidatedIdTokenClaims(tokens);
const userinfo = await oauth.userInfoRequest(as, client, tokens.access_token, HTTP);
found("userinfo", (await oauth.processUserInfoResponse(as, client, claims.sub, userinfo)).email);
found("refresh token", tokens.refresh_token ?? null);
end();
