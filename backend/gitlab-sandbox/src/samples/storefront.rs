//! Sample merge requests of the shop.

use super::{messages, sample};
use crate::world::{FileChange, NewMergeRequest};

pub(super) fn merge_requests() -> Vec<NewMergeRequest> {
    vec![delivery_date(), session_cookie(), tidy_assets(), search(), draft()]
}

fn delivery_date() -> NewMergeRequest {
    let basket = "@@ -12,9 +12,14 @@ export function Basket({ items }) {
   return (
     <section class=\"basket\">
       <h2>Your basket</h2>
-      <ul>{items.map(renderItem)}</ul>
+      <ul>
+        {items.map((item) => (
+          <li key={item.id}>
+            {item.name} <DeliveryDate days={item.deliveryDays} />
+          </li>
+        ))}
+      </ul>
       <Total items={items} />
     </section>
   );
 }
";
    let component = "import { addWorkingDays } from \"../lib/calendar\";

export function DeliveryDate({ days }) {
  const date = addWorkingDays(new Date(), days);
  return <time dateTime={date.toISOString()}>{date.toLocaleDateString()}</time>;
}
";
    NewMergeRequest {
        files: vec![
            FileChange::changed("src/components/Basket.jsx", basket),
            FileChange::added("src/components/DeliveryDate.jsx", component),
            FileChange::added(
                "docs/delivery.md",
                "# Delivery dates\n\nCounted in working days from today. Holidays are not known yet.\n",
            ),
        ],
        commits: messages(&["Add a component for delivery dates", "Show the delivery date in the basket"]),
        reviewers: vec!["rita-review".into()],
        ..sample(
            "sam-sample",
            "delivery-date",
            "Show the delivery date in the basket",
            "Customers ask when their order arrives.\n\n- counts working days\n- shows the date beside each item\n\nTested by hand in two browsers.",
            &["feature", "frontend"],
        )
    }
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
