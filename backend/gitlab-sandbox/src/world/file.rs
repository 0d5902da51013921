//! A file of a change.

use serde::{Deserialize, Serialize};

/// One file of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// The path before.
    pub old_path: String,
    /// The path after.
    pub new_path: String,
    /// The unified diff from its first `@@` line on.
    pub diff: String,
    /// Whether the file is new.
    #[serde(default)]
    pub new_file: bool,
    /// Whether the file is gone.
    #[serde(default)]
    pub deleted_file: bool,
    /// Whether GitLab takes it for the work of a program.
    #[serde(default)]
    pub generated: bool,
    /// Whether GitLab leaves its lines out because there are too many.
    #[serde(default)]
    pub too_large: bool,
    /// Whether GitLab leaves its lines out until they are asked for one by one.
    #[serde(default)]
    pub collapsed: bool,
}

impl FileChange {
    /// A changed file.
    pub fn changed(path: &str, diff: &str) -> Self {
        Self {
            old_path: path.into(),
            new_path: path.into(),
            diff: diff.into(),
            new_file: false,
            deleted_file: false,
            generated: false,
            too_large: false,
            collapsed: false,
        }
    }

    /// A new file with this text.
    pub fn added(path: &str, text: &str) -> Self {
        let lines: String = text.lines().map(|line| format!("+{line}\n")).collect();
        let diff = format!("@@ -0,0 +1,{} @@\n{lines}", text.lines().count());
        Self { new_file: true, ..Self::changed(path, &diff) }
    }

    /// A removed file that had this text.
    pub fn deleted(path: &str, text: &str) -> Self {
        let lines: String = text.lines().map(|line| format!("-{line}\n")).collect();
        let diff = format!("@@ -1,{} +0,0 @@\n{lines}", text.lines().count());
        Self { deleted_file: true, ..Self::changed(path, &diff) }
    }

    /// A new file that is not text.
    pub fn binary(path: &str) -> Self {
        let diff = format!("Binary files /dev/null and b/{path} differ\n");
        Self { new_file: true, ..Self::changed(path, &diff) }
    }

    /// A changed file made by a program.
    pub fn generated(path: &str, diff: &str) -> Self {
        Self { generated: true, ..Self::changed(path, diff) }
    }

    /// A new file so large that GitLab does not show its lines.
    pub fn too_large(path: &str) -> Self {
        Self { new_file: true, too_large: true, ..Self::changed(path, "") }
    }

    /// A file with a new path and the same text.
    pub fn renamed(from: &str, to: &str) -> Self {
        Self { old_path: from.into(), ..Self::changed(to, "") }
    }

    /// Whether the path changed.
    pub fn is_renamed(&self) -> bool {
        self.old_path != self.new_path
    }
}
