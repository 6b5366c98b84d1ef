// Runs before the first paint, so that a chosen theme never flashes; without a choice the system decides (tokens.css).
try {
  const theme = localStorage.getItem('observatory.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the system's theme stays.
}
