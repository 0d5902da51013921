//! Grants: which projects an account, a group or a token is given, and who is in which group.

use std::collections::HashMap;

use diesel::prelude::*;

use super::schema::{account_project, api_token_project, group_member, group_project};
use super::{Conn, DbError};
use crate::domain::ids::{AccountId, GroupId, TokenId};

/// Ids by the id of whoever they belong to.
pub type ById = HashMap<String, Vec<String>>;

fn by_id(pairs: Vec<(String, String)>) -> ById {
    let mut all = ById::new();
    for (owner, id) in pairs {
        all.entry(owner).or_default().push(id);
    }
    all
}

macro_rules! pairs {
    ($($(#[$doc:meta])* $all:ident, $of:ident, $set:ident: $table:ident ($owner:ident: $id:ty, $other:ident);)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// The database's.
        pub fn $all(conn: &mut Conn) -> Result<ById, DbError> {
            let pairs =
                $table::table.order($table::$other.asc()).select(($table::$owner, $table::$other)).load(conn)?;
            Ok(by_id(pairs))
        }

        $(#[$doc])*
        /// Of one.
        ///
        /// # Errors
        /// The database's.
        pub fn $of(conn: &mut Conn, id: &$id) -> Result<Vec<String>, DbError> {
            Ok($table::table
                .filter($table::$owner.eq(id.as_str()))
                .order($table::$other.asc())
                .select($table::$other)
                .load(conn)?)
        }

        $(#[$doc])*
        /// Sets those of one, in place of what was there.
        ///
        /// # Errors
        /// The database's; also if something named does not exist.
        pub fn $set(conn: &mut Conn, id: &$id, others: &[String]) -> Result<(), DbError> {
            diesel::delete($table::table.filter($table::$owner.eq(id.as_str()))).execute(conn)?;
            let mut others: Vec<&String> = others.iter().collect();
            others.sort_unstable();
            others.dedup();
            for other in others {
                diesel::insert_into($table::table)
                    .values(($table::$owner.eq(id.as_str()), $table::$other.eq(other)))
                    .execute(conn)?;
            }
            Ok(())
        }
    )*};
}

pairs! {
    /// Projects granted to accounts.
    account_projects, projects_of_account, set_account_projects: account_project (account_id: AccountId, project_id);
    /// Groups that accounts are in.
    account_groups, groups_of_account, set_account_groups: group_member (account_id: AccountId, group_id);
    /// Members of groups.
    group_members, members_of_group, set_group_members: group_member (group_id: GroupId, account_id);
    /// Projects granted to groups.
    group_projects, projects_of_group, set_group_projects: group_project (group_id: GroupId, project_id);
    /// Projects that tokens are limited to.
    token_projects, projects_of_token, set_token_projects: api_token_project (token_id: TokenId, project_id);
}
