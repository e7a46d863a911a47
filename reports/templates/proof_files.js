  // Files that the reader gives: single ones, a folder, a zip. A zip's members are read in memory.
  const LARGEST = 1 << 30;
  const MANY = "too large for a browser; use clinigate verify";
  const inflate = async (packed, size) => {
    const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    const parts = [];
    let held = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      held += part.value.length;
      if (held > size) throw new Error("holds more than it says");
      parts.push(part.value);
    }
    if (held !== size) throw new Error("holds less than it says");
    return joined(parts);
  };
  const directoryOf = (view) => {
    for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 65557); at -= 1) {
      if (view.getUint32(at, true) === 0x06054b50) {
        return { count: view.getUint16(at + 10, true), at: view.getUint32(at + 16, true) };
      }
    }
    throw new Error("not a zip, or cut off");
  };
  const membersOf = (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const { count, at } = directoryOf(view);
    if (count === 65535 || at === 0xffffffff) throw new Error(MANY);
    const members = [];
    for (let number = 0, here = at; number < count; number += 1) {
      if (view.getUint32(here, true) !== 0x02014b50) throw new Error("not a sound zip");
      const [name, extra, note] = [28, 30, 32].map((each) => view.getUint16(here + each, true));
      members.push({
        name: text.decode(bytes.subarray(here + 46, here + 46 + name)),
        method: view.getUint16(here + 10, true),
        packed: view.getUint32(here + 20, true),
        size: view.getUint32(here + 24, true),
        at: view.getUint32(here + 42, true),
      });
      here += 46 + name + extra + note;
    }
    return members;
  };
  const readMember = async (bytes, member) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (member.size > LARGEST) throw new Error(MANY);
    if (view.getUint32(member.at, true) !== 0x04034b50) throw new Error("not a sound zip");
    const start = member.at + 30 + view.getUint16(member.at + 26, true) + view.getUint16(member.at + 28, true);
    const packed = bytes.subarray(start, start + member.packed);
    if (member.method === 8) return inflate(packed, member.size);
    if (member.method !== 0 || member.packed !== member.size) throw new Error("packed in a way that no bundle uses");
    return packed;
  };
  const bytesOf = async (file) => {
    if (file.size > LARGEST) throw new Error(MANY);
    return new Uint8Array(await file.arrayBuffer());
  };
  // Everything that was given, as {name, read}; the names are not trusted, only looked up.
  const unpacked = async (given) => {
    const found = [];
    for (const { path, file } of given) {
      if (!/\.zip$/i.test(path)) {
        found.push({ name: path, read: () => bytesOf(file) });
        continue;
      }
      const bytes = await bytesOf(file);
      for (const member of membersOf(bytes)) {
        if (!member.name.endsWith("/")) found.push({ name: member.name, read: () => readMember(bytes, member) });
      }
    }
    return found;
  };
  const walkEntry = async (entry, found) => {
    if (entry.isFile) {
      const file = await new Promise((done, failed) => entry.file(done, failed));
      found.push({ path: entry.fullPath.replace(/^\//, ""), file });
      return;
    }
    const reader = entry.createReader();
    const some = () => new Promise((done, failed) => reader.readEntries(done, failed));
    for (let listed = await some(); listed.length; listed = await some()) {
      for (const each of listed) await walkEntry(each, found);
    }
  };
  const dropped = async (transfer) => {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
    if (!entries.length || entries.some((entry) => entry === null)) {
      return [...transfer.files].map((file) => ({ path: file.name, file }));
    }
    const found = [];
    for (const entry of entries) await walkEntry(entry, found);
    return found;
  };

  // Given files against the statement. With the statement's own file among them it is a bundle, in
  // which nothing may be missing and nothing may be added.
  const OUTSIDE = /^(?:(?:records|exports)\/|(?:ledger\.tlog-proof|witness\.tlog-proof|timestamp\.tsr)$)/;
  const compareGiven = async (given, proof) => {
    const told = { good: 0, beside: 0, problems: [] };
    const own = given.find((each) => each.name.split("/").pop() === proof.envelopeName);
    const prefix = own ? own.name.slice(0, own.name.length - proof.envelopeName.length) : null;
    const seen = new Set();
    for (const each of given) {
      const name = prefix === null ? proof.named(each.name)
        : each.name.startsWith(prefix) ? each.name.slice(prefix.length) : each.name;
      if (seen.has(name)) told.problems.push(`${name}: is given twice`);
      seen.add(name);
      try {
        if (OUTSIDE.test(name)) told.beside += 1;
        else if (name === proof.envelopeName) {
          if (toBase64(await each.read()) === toBase64(proof.envelope)) told.good += 1;
          else told.problems.push(`${name}: is not the statement that this page carries`);
        } else if (!proof.files.has(name)) told.problems.push(`${name}: was not sealed with this run`);
        else if (await sha256(await each.read()) === proof.files.get(name)) told.good += 1;
        else told.problems.push(`${name}: was changed: its digest is not the sealed one`);
      } catch (error) {
        told.problems.push(`${name}: ${error.message}`);
      }
    }
    for (const name of prefix === null ? [] : proof.files.keys()) {
      if (!seen.has(name)) told.problems.push(`${name}: missing`);
    }
    return told;
  };
