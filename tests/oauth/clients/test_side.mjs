// What a driver says to the test that runs it: lines of JSON on standard output, answers on standard input.
import { createInterface } from "node:readline";

const reader = createInterface({ input: process.stdin });
const lines = reader[Symbol.asyncIterator]();
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

// Settings of the test: the issuer, and the clients that are registered for this driver.
export const given = JSON.parse(process.argv[2]);

async function ask(message) {
  say(message);
  return JSON.parse((await lines.next()).value);
}

// Open a URL in the browser of the user, who logs in and allows what is asked; the URL where the app gets its answer.
export const open = async (url) => new URL(await ask({ open: String(url) }));

// Enter the code of a device in that browser.
export const enter = (url, decision) => ask({ device: String(url), decision });

// One finding of the driver.
export const found = (name, value) => say({ found: name, value });

// The OAuth error of a call that must fail.
export async function refused(call) {
  try {
    await call();
  } catch (error) {
    return error.error ?? error.cause?.error ?? error.cause?.code ?? error.code ?? String(error);
  }
  return "accepted";
}

// Node runs as long as it reads.
export const end = () => reader.close();
