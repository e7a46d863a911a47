  // Keys that the reader gives: PEM files, or a trust file with the times between which each counts.
  const PEM = /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/g;
  const fromPem = (body) => fromBase64(body.replace(/\s+/g, ""));
  // One plain form of TOML is read; a line that is none must not be passed over.
  const LINE = /[ \t]*(?:#.*|(name|role|keyid|public_key|not_before|not_after|revoked_at)[ \t]*=[ \t]*(?:"""([^"\\]*)"""|("(?:[^"\\\n]|\\.)*")|'([^'\n]*)'|([0-9][0-9T:.+Zz-]*))[ \t]*(?:#.*)?)?(?:\r?\n|$)/y;
  const fieldsOf = (entry) => {
    const fields = {};
    for (LINE.lastIndex = 0; LINE.lastIndex < entry.length;) {
      const found = LINE.exec(entry);
      if (!found) throw new Error("this trust file is written in a way that this page does not read; give the key as PEM, or use clinigate verify");
      if (found[1]) fields[found[1]] = (found[3] ? JSON.parse(found[3]) : found[2] ?? found[4] ?? found[5]).trim();
    }
    return fields;
  };
  const entriesOf = (file) => file.split(/^[ \t]*\[\[[ \t]*key[ \t]*\]\][ \t]*(?:#.*)?$/m).slice(1);
  const readEntry = (entry) => {
    const fields = fieldsOf(entry);
    const body = fields.public_key ?? "";
    return {
      spki: fromPem(body.replace(/-----[A-Z ]+-----/g, "")),
      name: fields.name ?? "",
      from: fields.not_before ?? null,
      until: fields.not_after ?? null,
      revoked: fields.revoked_at ?? null,
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
    const listed = /^[ \t]*\[\[/m.test(given)
      ? entriesOf(given).map(readEntry)
      : [...given.matchAll(PEM)].map((found) => ({ spki: fromPem(found[1]), name: "" }));
    if (!listed.length) throw new Error("no public key in it; wanted a PEM file (BEGIN PUBLIC KEY) or a trust.toml");
    return Promise.all(listed.map(async (each) => ({ ...each, ...await readKey(each.spki) })));
  };
