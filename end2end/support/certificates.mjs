// Owns a certificate authority that is good for one test, and a certificate of it. Must not be trusted by anything else.

import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const DAYS = "2";

/**
 * @typedef {object} Certificate
 * @property {string} ca the authority's own, as a client trusts it
 * @property {string} certificate path of the certificate
 * @property {string} key path of its key
 * @property {string} both path of a file with both, as haproxy wants it
 */

/**
 * @param {string} folder where the files go
 * @param {string[]} names that the certificate is for
 * @returns {Promise<Certificate>}
 */
export async function certify(folder, names) {
  const file = (/** @type {string} */ name) => path.join(folder, name);
  const [ca, caKey, request, certificate, key, both] = ["ca.pem", "ca.key", "request.pem", "site.pem", "site.key", "both.pem"].map(file);
  const fresh = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await run("openssl", [...fresh, "-x509", "-days", DAYS, "-subj", "/CN=Journeys", "-keyout", caKey, "-out", ca]);
  await run("openssl", [...fresh, "-subj", `/CN=${names[0]}`, "-keyout", key, "-out", request]);
  const extensions = file("extensions");
  await writeFile(extensions, `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}\nextendedKeyUsage=serverAuth\n`);
  const sign = ["x509", "-req", "-days", DAYS, "-in", request, "-CA", ca, "-CAkey", caKey, "-CAcreateserial"];
  await run("openssl", [...sign, "-extfile", extensions, "-out", certificate]);
  await writeFile(both, (await readFile(certificate, "utf8")) + (await readFile(key, "utf8")), { mode: 0o600 });
  return { ca: await readFile(ca, "utf8"), certificate, key, both };
}
