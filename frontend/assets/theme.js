// Runs before the first paint, so that a chosen theme does not flash. The key is the one in src/state/prefs.rs.
try {
  const theme = localStorage.getItem("approval-app.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* Storage is forbidden: the system's theme it is. */ }
