//! From the scopes of a syntax (<https://www.sublimetext.com/docs/scope_naming.html>) to the ten classes that are drawn.

use std::collections::HashMap;

use syntect::parsing::{Scope, ScopeStack, ScopeStackOp};

/// Plain text.
pub const PLAIN: u8 = 0;

/// The beginning of a scope and its class; the longest that fits counts.
const TABLE: &[(&str, u8)] = &[
    ("comment", 3),
    ("string", 2),
    ("string.unquoted", PLAIN),
    ("constant", 8),
    ("constant.numeric", 4),
    ("constant.character.escape", 8),
    ("constant.other.placeholder", 8),
    ("keyword", 1),
    ("keyword.operator", 10),
    ("keyword.operator.word", 1),
    ("keyword.operator.new", 1),
    ("storage", 1),
    ("storage.type", 1),
    ("entity.name.function", 5),
    ("support.function", 5),
    ("support.macro", 5),
    ("variable.function", 5),
    ("entity.name.macro", 5),
    ("entity.name.type", 6),
    ("entity.name.class", 6),
    ("entity.name.struct", 6),
    ("entity.name.enum", 6),
    ("entity.name.union", 6),
    ("entity.name.trait", 6),
    ("entity.name.impl", 6),
    ("entity.name.interface", 6),
    ("entity.name.namespace", 6),
    ("entity.name.module", 6),
    ("entity.other.inherited-class", 6),
    ("support.type", 6),
    ("support.class", 6),
    ("support.struct", 6),
    ("entity.name.tag", 7),
    ("entity.other.attribute-name", 7),
    ("entity.name.label", 7),
    ("entity.name.section", 1),
    ("markup.heading", 1),
    ("markup.raw", 2),
    ("markup.bold", 8),
    ("markup.italic", 8),
    ("markup.underline.link", 2),
    ("support.type.property-name", 7),
    ("meta.mapping.key", 7),
    ("variable", 9),
    ("variable.language", 8),
    ("variable.other", PLAIN),
    ("variable.parameter", 9),
    ("variable.annotation", 7),
    ("support.constant", 8),
    ("support.variable", 8),
    ("punctuation", 10),
    ("punctuation.definition.string", 2),
    ("punctuation.definition.comment", 3),
    ("punctuation.definition.tag", 7),
    ("punctuation.definition.annotation", 7),
    ("punctuation.definition.heading", 1),
    ("punctuation.definition.variable", 9),
];

/// Scopes and their classes; learns those that it meets.
pub struct Classes {
    table: Vec<(Scope, u8)>,
    known: HashMap<Scope, Option<u8>>,
    stack: ScopeStack,
}

impl Classes {
    pub fn new() -> Self {
        let mut table: Vec<(Scope, u8)> =
            TABLE.iter().filter_map(|(name, class)| Some((Scope::new(name).ok()?, *class))).collect();
        table.sort_by_key(|(scope, _)| std::cmp::Reverse(scope.len()));
        Self { table, known: HashMap::new(), stack: ScopeStack::new() }
    }

    /// Begins a new text.
    pub fn restart(&mut self) {
        self.stack = ScopeStack::new();
    }

    /// Moves on in the text; `false` if the syntax contradicts itself.
    pub fn apply(&mut self, operation: &ScopeStackOp) -> bool {
        self.stack.apply(operation).is_ok()
    }

    /// The class of what comes next: that of the innermost scope that has one.
    pub fn now(&mut self) -> u8 {
        for scope in self.stack.as_slice().iter().rev() {
            let table = &self.table;
            let class = self.known.entry(*scope).or_insert_with(|| {
                table.iter().find(|(start, _)| start.is_prefix_of(*scope)).map(|(_, class)| *class)
            });
            if let Some(class) = class {
                return *class;
            }
        }
        PLAIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_beginning_counts() {
        let mut classes = Classes::new();
        for (scope, class) in [
            ("source.rust", 0),
            ("keyword.control.rust", 1),
            ("keyword.operator.assignment.rust", 10),
            ("constant.numeric.integer.decimal.rust", 4),
            ("punctuation.definition.string.begin.rust", 2),
            ("entity.name.struct.rust", 6),
            ("meta.block.rust", 0),
        ] {
            classes.restart();
            assert!(classes.apply(&ScopeStackOp::Push(Scope::new(scope).expect("a scope"))));
            assert_eq!(classes.now(), class, "{scope}");
        }
    }
}
