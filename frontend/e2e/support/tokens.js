// Makes exactly one thing wrong with a good id token, so that a refusal has only one possible reason.

import { sign } from "node:crypto";

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (part) => JSON.parse(Buffer.from(part, "base64url"));

const faults = {
  expired: ({ claims }) => (claims.exp = Math.floor(Date.now() / 1000) - 3600),
  "for another audience": ({ claims }) => (claims.aud = "another-app"),
  "with another nonce": ({ claims }) => (claims.nonce = "of-another-sign-in"),
  "without a nonce": ({ claims }) => delete claims.nonce,
  "of another issuer": ({ claims }) => (claims.iss = "http://127.0.0.9"),
  // It still claims to be signed with the provider's own key.
  "signed by a stranger": (token) => (token.key = token.keys.strange),
  // RFC 8725, section 3.1: the token must not choose how it is verified.
  "not signed": (token) => (token.header = { alg: "none" }),
};

/** What can be wrong with a token. */
export const FAULTS = Object.keys(faults);

/** The token with this fault, and otherwise as it was. */
export function spoil(fault, jwt, keys) {
  const [header, claims] = jwt.split(".").slice(0, 2).map(decode);
  const token = { header, claims, keys, key: keys.own };
  faults[fault](token);
  const content = `${encode(token.header)}.${encode(token.claims)}`;
  const signature = token.header.alg === "none" ? "" : sign("sha256", Buffer.from(content), token.key).toString("base64url");
  return `${content}.${signature}`;
}
