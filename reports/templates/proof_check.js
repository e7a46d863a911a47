  // What the page carries, read and held against the statement. Problems name the file.
  const PAYLOAD = "application/vnd.in-toto+json";
  const PAGE = "application/vnd.clinigate.page+json";
  const PAGE_TYPE = "https://clinigate.dev/page/v1";
  const carried = (id) => JSON.parse(document.getElementById(id).textContent);
  const subjectsOf = (statement) => {
    const files = new Map();
    for (const { name, digest } of statement.subject) {
      if (name.startsWith("system:")) continue;
      if (files.has(name)) throw new Error(`${name} stands in it twice`);
      files.set(name, digest.sha256);
    }
    return files;
  };
  const named = (files) => {
    const byEnd = new Map([...files.keys()].map((name) => [name.split("/").pop(), name]));
    return (name) => (files.has(name) ? name : byEnd.get(name.split("/").pop()) ?? name);
  };
  const readProof = async () => {
    const data = carried("proof-data");
    const envelopeName = data.statement.name;
    try {
      const envelope = exactly(data.statement.data);
      const opened = openEnvelope(envelope);
      if (opened.payloadType !== PAYLOAD) throw new Error("is of another type");
      const statement = JSON.parse(text.decode(opened.payload));
      const files = subjectsOf(statement);
      return {
        data, envelopeName, envelope, opened, statement, files, named: named(files),
        digest: await sha256(opened.payload),
        keys: await Promise.all(data.keys.map((each) => readKey(exactly(each)))),
      };
    } catch (error) {
      if (error.name === "NotSupportedError") throw error;
      throw new Error(`${envelopeName}: was changed: ${error.message}`);
    }
  };
  const fileProblems = async (proof) => {
    const problems = [];
    for (const { name, data } of proof.data.files) {
      let found = null;
      try { found = await sha256(exactly(data)); } catch { /* no digest: told below */ }
      if (!proof.files.has(name)) problems.push(`${name}: is in this page and was not sealed with the run`);
      else if (found !== proof.files.get(name)) problems.push(`${name}: was changed: its digest is not the sealed one`);
    }
    return problems;
  };
  const signatureProblems = (envelope, signers, where) => {
    if (!envelope.signatures.length) return [`${where}: is not signed`];
    const wrong = signers.some((each) => each.named !== each.keyid);
    return wrong ? [`${where}: a key id does not name the key that signed; it was edited`] : [];
  };
  // The page's own words: signed beside the statement where a key was at hand.
  const readPage = async (proof, words) => {
    const signed = carried("proof-page");
    if (signed === null) return { signed: false, problems: [] };
    const problems = [];
    try {
      const opened = openEnvelope(exactly(signed.envelope));
      const told = JSON.parse(text.decode(opened.payload));
      if (opened.payloadType !== PAGE || told._type !== PAGE_TYPE) throw new Error("is of another type");
      if (told.statement !== `sha256:${proof.digest}`) problems.push("this page: its words were signed for another run");
      if (told.words !== `sha256:${await sha256(words)}`) {
        problems.push("this page: its words or their look are not those that were signed");
      }
      const keys = await Promise.all(signed.keys.map((each) => readKey(exactly(each))));
      return { signed: true, opened, keys, problems };
    } catch (error) {
      if (error.name === "NotSupportedError") throw error;
      return { signed: true, problems: [`this page: the signature of its words was changed: ${error.message}`] };
    }
  };
