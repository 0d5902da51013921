//! Who reaches which projects, inside the queries: every query that a person can reach is filtered
//! with [`within`], so that what is not theirs never leaves the database.

use std::collections::HashSet;

use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Text};

use super::connection::Backend;
use super::schema::project;
use super::{Conn, DbError};
use crate::domain::access::{Reach, Written};
use crate::domain::ids::{AccountId, TokenId};

/// A condition: the project in `column` is reached. The grants are asked row by row, so that the
/// query keeps the index it would use without.
#[derive(Clone, Debug)]
pub struct Within {
    column: &'static str,
    account: Option<AccountId>,
    token: Option<TokenId>,
}

/// The condition that the project in `column` (with its table's name) is reached.
#[must_use]
pub fn within(reach: &Reach, column: &'static str) -> Within {
    match reach {
        Reach::All => Within { column, account: None, token: None },
        Reach::Granted { account, token } => {
            Within { column, account: account.clone(), token: token.clone() }
        }
    }
}

impl QueryFragment<Backend> for Within {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("(1 = 1");
        if let Some(account) = &self.account {
            out.push_sql(" AND (EXISTS (SELECT 1 FROM account_project ap WHERE ap.account_id = ");
            out.push_bind_param::<Text, str>(account.as_str())?;
            out.push_sql(" AND ap.project_id = ");
            out.push_sql(self.column);
            out.push_sql(
                ") OR EXISTS (SELECT 1 FROM group_member gm JOIN group_project gp ON gp.group_id = gm.group_id \
                 WHERE gm.account_id = ",
            );
            out.push_bind_param::<Text, str>(account.as_str())?;
            out.push_sql(" AND gp.project_id = ");
            out.push_sql(self.column);
            out.push_sql("))");
        }
        if let Some(token) = &self.token {
            out.push_sql(" AND EXISTS (SELECT 1 FROM api_token_project tp WHERE tp.token_id = ");
            out.push_bind_param::<Text, str>(token.as_str())?;
            out.push_sql(" AND tp.project_id = ");
            out.push_sql(self.column);
            out.push_sql(")");
        }
        out.push_sql(")");
        Ok(())
    }
}

impl Expression for Within {
    type SqlType = Bool;
}

impl QueryId for Within {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl ValidGrouping<()> for Within {
    type IsAggregate = is_aggregate::Never;
}

impl<QS> AppearsOnTable<QS> for Within {}
impl<QS> SelectableExpression<QS> for Within {}

/// A number: how many rows of `rows` are within the reach, counted up to 1,000.
pub(super) struct Counted {
    /// What stands between `FROM` and the condition, ending in `WHERE …`.
    pub rows: &'static str,
    /// Which of them.
    pub within: Within,
    /// Of these authors; only for checks.
    pub written: Written,
}

impl QueryFragment<Backend> for Counted {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("(SELECT count(*) FROM (SELECT 1 FROM ");
        out.push_sql(self.rows);
        out.push_sql(" AND ");
        self.within.walk_ast(out.reborrow())?;
        match &self.written {
            Written::ByAnybody => {}
            Written::ByNobody => out.push_sql(" AND 1 = 0"),
            Written::By(author) => {
                out.push_sql(" AND status_check.author_gitlab_id = ");
                out.push_bind_param::<BigInt, i64>(author)?;
            }
            Written::NotBy(author) => {
                out.push_sql(
                    " AND (status_check.author_gitlab_id IS NULL OR status_check.author_gitlab_id <> ",
                );
                out.push_bind_param::<BigInt, i64>(author)?;
                out.push_sql(")");
            }
        }
        out.push_sql(" LIMIT 1000) AS few)");
        Ok(())
    }
}

impl Expression for Counted {
    type SqlType = BigInt;
}

impl QueryId for Counted {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl ValidGrouping<()> for Counted {
    type IsAggregate = is_aggregate::Never;
}

impl<QS> AppearsOnTable<QS> for Counted {}
impl<QS> SelectableExpression<QS> for Counted {}

/// The ids of the projects within the reach; `None` if it is all of them. For what is not a query:
/// the live stream.
///
/// # Errors
/// The database's.
pub fn projects(conn: &mut Conn, reach: &Reach) -> Result<Option<HashSet<String>>, DbError> {
    if *reach == Reach::All {
        return Ok(None);
    }
    let ids: Vec<String> =
        project::table.filter(within(reach, "project.id")).select(project::id).load(conn)?;
    Ok(Some(ids.into_iter().collect()))
}

/// The ids of the projects within the reach, if it is limited to at most `most`.
///
/// # Errors
/// The database's.
pub(super) fn few(conn: &mut Conn, reach: &Reach, most: i64) -> Result<Option<Vec<String>>, DbError> {
    if *reach == Reach::All {
        return Ok(None);
    }
    let ids: Vec<String> =
        project::table.filter(within(reach, "project.id")).select(project::id).limit(most + 1).load(conn)?;
    Ok((i64::try_from(ids.len()).unwrap_or(i64::MAX) <= most).then_some(ids))
}

/// Whether all of these projects exist within the reach.
///
/// # Errors
/// The database's.
pub fn all_within(conn: &mut Conn, reach: &Reach, ids: &[String]) -> Result<bool, DbError> {
    for some in ids.chunks(500) {
        let known: i64 = project::table
            .filter(project::id.eq_any(some))
            .filter(within(reach, "project.id"))
            .count()
            .get_result(conn)?;
        if usize::try_from(known) != Ok(some.len()) {
            return Ok(false);
        }
    }
    Ok(true)
}
