// The command line of the demo. Flags that there are not, and values left out, the program has told already.

export const usage =
  `Usage: kubernaut-we demo [--serve] [--bundles DIR] [--speed N] [--kubeconfig-file FILE] [--keep-audit DIR] [--verbose]

Plays a story on an embedded API server and Tekton, in this process, over real HTTP.
--serve            stays afterwards, for kubectl, until Ctrl+C
--bundles          bundles beside the built-in ones: each file NAME.yaml of this folder, a Tekton Pipeline, is NAME
--speed            how many times faster the steps of workflows go (default: 1)
--kubeconfig-file  where --serve writes a kubeconfig (default: a temporary file)
--keep-audit       keeps the audit trail in this folder
--verbose          the controller's log, too`;

/** The command line, read. */
export interface Options {
  readonly serve: boolean;
  readonly bundles: string;
  readonly speed: number;
  readonly kubeconfigFile: string;
  readonly keepAudit: string;
  readonly verbose: boolean;
}

/** What is asked for, or what is wrong with it. */
export function optionsOf(args: readonly string[]): Options | string {
  const options = { serve: false, bundles: "", speed: 1, kubeconfigFile: "", keepAudit: "", verbose: false };
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? "";
    const [flag = "", given] = argument.split(/=(.*)/s);
    if (argument === "--serve") options.serve = true;
    else if (argument === "--verbose") options.verbose = true;
    else if (["--keep-audit", "--kubeconfig-file", "--bundles", "--speed"].includes(flag)) {
      const value = given ?? args[++at];
      if (!value) return `${flag} needs a value`;
      if (flag === "--keep-audit") options.keepAudit = value;
      else if (flag === "--kubeconfig-file") options.kubeconfigFile = value;
      else if (flag === "--bundles") options.bundles = value;
      else {
        options.speed = Number(value);
        if (!(options.speed > 0 && options.speed <= 1000)) {
          return `--speed is ${JSON.stringify(value)}, should be a number above 0 and at most 1000`;
        }
      }
    } else return `there is no flag ${JSON.stringify(argument)}`;
  }
  return options;
}
