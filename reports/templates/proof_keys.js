  // Keys that the reader gives: PEM files, or a trust file with the times between which each counts.
  const PEM = /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/g;
  const fromPem = (body) => fromBase64(body.replace(/\s+/g, ""));
  const field = (entry, name) => {
    const found = entry.match(new RegExp(`^\\s*${name}\\s*=\\s*(?:"""([^"]*)"""|"([^"]*)"|(\\S+))`, "m"));
    return found ? (found[1] ?? found[2] ?? found[3]).trim() : null;
  };
  const entriesOf = (file) => file.split(/^\s*\[\[key\]\]\s*(?:#.*)?$/m).slice(1);
  const readEntry = (entry) => {
    const body = field(entry, "public_key") ?? "";
    return {
      spki: fromPem(body.replace(/-----[A-Z ]+-----/g, "")),
      name: field(entry, "name") ?? "",
      from: field(entry, "not_before"),
      until: field(entry, "not_after"),
      revoked: field(entry, "revoked_at"),
    };
  };
  const whyNot = (given, moment) => {
    const at = Date.parse(moment);
    // A moment that cannot be read must not let a key count.
    if (given.revoked !== null && given.revoked !== undefined) {
      return `the trust file says that this key was revoked at ${given.revoked}; whether the seal is older, only clinigate verify can tell`;
    }
    if (given.from && !(at >= Date.parse(given.from))) return `the key is not valid before ${given.from}`;
    if (given.until && !(at < Date.parse(given.until))) return `the key is not valid from ${given.until} on`;
    return null;
  };
  const readTrust = async (given) => {
    if (given.includes("PRIVATE KEY")) {
      throw new Error("this is a private key, which belongs in no page; close the page, and give the public key");
    }
    const listed = /^\s*\[\[key\]\]/m.test(given)
      ? entriesOf(given).map(readEntry)
      : [...given.matchAll(PEM)].map((found) => ({ spki: fromPem(found[1]), name: "" }));
    if (!listed.length) throw new Error("no public key in it; wanted a PEM file (BEGIN PUBLIC KEY) or a trust.toml");
    return Promise.all(listed.map(async (each) => ({ ...each, ...await readKey(each.spki) })));
  };
