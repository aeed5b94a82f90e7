/** The name of this machine's platform package: the last part of `@kontract/linux-x64-gnu`, the folder below npm/. */
export function platformId(): string {
  const { platform, arch } = process;
  if (platform === 'linux') return `linux-${arch}-${isGlibc() ? 'gnu' : 'musl'}`;
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`;
}

function isGlibc(): boolean {
  const report = process.report as unknown as {
    excludeNetwork: boolean;
    getReport(): { header: { glibcVersionRuntime?: string } };
  };
  const before = report.excludeNetwork;
  // The report would look up the names of all peers of open sockets (nodejs.org/api/report.html).
  report.excludeNetwork = true;
  try {
    return report.getReport().header.glibcVersionRuntime !== undefined;
  } finally {
    report.excludeNetwork = before;
  }
}
