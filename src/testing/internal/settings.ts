/** Server settings as command-line arguments, which win over the data directory's configuration files. */
export const settingArguments = (settings: Readonly<Record<string, string>>): ReadonlyArray<string> =>
  Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
