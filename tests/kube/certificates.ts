// A certificate authority for the length of a test, made with the openssl command.

export interface Issued {
  cert: string;
  key: string;
}

export interface Authority extends AsyncDisposable {
  cert: string;
  /** A certificate for a DNS name or an IP address, good for servers and clients. */
  issue(name: string): Promise<Issued>;
}

export async function newAuthority(name = "test CA"): Promise<Authority> {
  const directory = await Deno.makeTempDir();
  const read = (file: string) => Deno.readTextFile(`${directory}/${file}`);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl(directory, "req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.crt", "-subj", `/CN=${name}`);
  return {
    cert: await read("ca.crt"),
    async issue(subject) {
      const alternative = /^[\d.]+$/.test(subject) ? `IP:${subject}` : `DNS:${subject}`;
      await Deno.writeTextFile(
        `${directory}/extensions`,
        `subjectAltName=${alternative}\nextendedKeyUsage=serverAuth,clientAuth\n`,
      );
      await openssl(directory, "req", ...newKey, "-keyout", "one.key", "-out", "one.csr", "-subj", `/CN=${subject}`);
      await openssl(
        directory,
        ..."x509 -req -in one.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out one.crt -extfile extensions".split(" "),
      );
      return { cert: await read("one.crt"), key: await read("one.key") };
    },
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}

async function openssl(directory: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args, cwd: directory }).output();
  if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
}
