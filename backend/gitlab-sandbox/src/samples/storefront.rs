//! Sample merge requests of the shop.

use super::delivery::delivery_date;
use super::sample;
use crate::world::{FileChange, NewMergeRequest};

pub(super) fn merge_requests() -> Vec<NewMergeRequest> {
    vec![delivery_date(), session_cookie(), tidy_assets(), search(), draft()]
}

fn session_cookie() -> NewMergeRequest {
    let diff = "@@ -41,7 +41,8 @@ func newSession(w http.ResponseWriter, user User) {
 \thttp.SetCookie(w, &http.Cookie{
 \t\tName:     \"shop_session\",
 \t\tValue:    token,
-\t\tSameSite: http.SameSiteNoneMode,
+\t\tSameSite: http.SameSiteLaxMode,
+\t\tHttpOnly: true,
 \t\tSecure:   true,
 \t})
 }
";
    let test = "@@ -8,3 +8,11 @@ func TestLogin(t *testing.T) {
 \tresponse := login(t, \"kim\")
 \trequireStatus(t, response, http.StatusOK)
 }
+
+func TestSessionCookieIsHidden(t *testing.T) {
+\tcookie := login(t, \"kim\").Cookies()[0]
+\tif !cookie.HttpOnly {
+\t\tt.Fatal(\"scripts can read the session\")
+\t}
+}
";
    NewMergeRequest {
        files: vec![
            FileChange::changed("server/session.go", diff),
            FileChange::changed("server/session_test.go", test),
        ],
        ..sample(
            "kim-example",
            "hide-session-cookie",
            "Keep scripts away from the session cookie",
            "The cookie could be read by any script on the page. It is now `HttpOnly` and `SameSite=Lax`.",
            &["security", "backend"],
        )
    }
}

fn tidy_assets() -> NewMergeRequest {
    NewMergeRequest {
        files: vec![
            FileChange::renamed("assets/logo_final2.svg", "assets/logo.svg"),
            FileChange::deleted("assets/banner-2023.css", ".banner {\n  background: orange;\n}\n"),
            FileChange::changed(
                "src/layout.html",
                "@@ -3,4 +3,3 @@\n   <head>\n     <title>Storefront</title>\n-    <link rel=\"stylesheet\" href=\"/assets/banner-2023.css\">\n   </head>\n",
            ),
        ],
        ..sample(
            "noor-nobody",
            "tidy-assets",
            "Remove an old banner and name the logo plainly",
            "Nothing uses the banner since the spring sale.",
            &["chore"],
        )
    }
}

fn search() -> NewMergeRequest {
    let sql = "-- Finds products by name without reading the whole table.
CREATE INDEX products_name_trgm ON products USING gin (name gin_trgm_ops);
";
    let query = "@@ -20,6 +20,6 @@ def search(text):
     return db.query(
-        \"SELECT * FROM products WHERE lower(name) LIKE ?\", f\"%{text.lower()}%\"
+        \"SELECT id, name, price FROM products WHERE name ILIKE ? LIMIT 50\", f\"%{text}%\"
     )
 
 
 def suggest(text):
";
    NewMergeRequest {
        files: vec![
            FileChange::added("migrations/0042_product_search.sql", sql),
            FileChange::changed("catalog/search.py", query),
        ],
        pipeline: Some("running".into()),
        ..sample(
            "ola-ordinary",
            "faster-search",
            "Make product search fast",
            "A search read 1.2 million rows. With the index it takes 8 ms.\n\n**The migration locks the table for about a minute.**",
            &["performance", "database"],
        )
    }
}

fn draft() -> NewMergeRequest {
    NewMergeRequest {
        files: vec![FileChange::added("docs/ideas/gift-cards.md", "# Gift cards\n\nWhat would it take?\n")],
        pipeline: None,
        ..sample(
            "rita-review",
            "gift-cards",
            "Draft: Think about gift cards",
            "Not ready; comments are welcome.",
            &["idea"],
        )
    }
}
