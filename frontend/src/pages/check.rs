//! One check: the change at the left, the decision and the truth about its delivery at the right.

use crate::ui::prelude::*;
use shared::{CheckDetail, CheckItem, CheckState, DeliveryState, Verdict};

use super::acknowledge::acknowledge;
use super::change::change;
use super::decide::{decision_card, newer};
use crate::api::Fault;
use crate::components::icon::{AGAIN, BACK, FORTH, icon, state_badge};
use crate::components::message::{empty, fault_box, notice, skeleton};
use crate::components::row::{by, title, when};
use crate::components::{button, card, delivery, facts, named, policy, record};
use crate::model::decision::{Choice, choice, shown_state};
use crate::model::listing::neighbour;
use crate::model::text::short_sha;
use crate::model::truth;
use crate::state::change::Seen;
use crate::state::check::Shown;
use crate::state::{App, nav};
use crate::texts;
use crate::ui::{El, el, words};

/// The page of the check with this id.
#[must_use]
pub fn check_page(id: String) -> El {
    let app = App::get();
    let shown = Shown::follow(app, id.clone());
    let seen = Seen::follow(app, id.clone());
    let detail = shown.detail;
    // Until it is read it has the name of its row, which is what a screen reader says when the heading gets the focus.
    let row = app.inbox.row(&id).map_or_else(|| texts::CHECK_TITLE.into(), |row| title(&row));
    let name =
        move || detail.with(|detail| detail.as_ref().map_or_else(|| row.clone(), |now| title(&now.item)));
    super::name_page(app, name.clone());
    super::focus_heading(app);
    let ready = Memo::new(move |_| app.settled() && detail.with(Option::is_some));
    let failed = Memo::new(move |_| shown.fault.with(Option::is_some));
    super::page(vec![
        crumbs(app, &id),
        el("h1").attr("tabindex", "-1").text_fn(name),
        el("div").child_fn(move || shown.fault.get().map(|fault| fault_place(shown, &fault))),
        el("div").child_fn(move || match (ready.get(), failed.get()) {
            (true, _) => Some(body(app, shown, seen, &id)),
            (false, false) => Some(skeleton(4)),
            (false, true) => None,
        }),
    ])
}

fn fault_place(shown: Shown, fault: &Fault) -> El {
    if fault.is_not_found() {
        let way_on = Some((nav::HOME.to_owned(), texts::GO_INBOX));
        return empty("not-found", words("h2", texts::CHECK_GONE_TITLE), texts::CHECK_GONE, way_on);
    }
    let holds = shown.detail.with_untracked(Option::is_some);
    fault_box(texts::ERR_CHECK, fault, holds, Some(Callback::new(move |()| shown.load(true))))
}

/// Back to the inbox, and to the checks before and behind this one in the listing it was opened from.
fn crumbs(app: App, id: &str) -> El {
    let order = app.inbox.order().unwrap_or_default();
    let step = |forward: bool| {
        let (name, shape) = if forward { (texts::NEXT, FORTH) } else { (texts::PREVIOUS, BACK) };
        neighbour(&order, id, forward)
            .map(|to| named(el("a").class("tool"), name).attr("href", &nav::check(to)).child(icon(shape)))
    };
    let back = el("a")
        .class("back")
        .attr("href", &app.inbox.filter.with_untracked(|filter| filter.href()))
        .child(icon(BACK))
        .text(texts::BACK);
    let steps = el("span").class("steps").child(step(false)).child(step(true));
    el("nav").class("crumbs").attr("aria-label", texts::BACK).child(back).child(steps)
}

/// A view of the check that is made anew whenever `key`, what it is made of, changes.
fn part<K: Clone + PartialEq + Send + Sync + 'static>(
    shown: Shown,
    key: impl Fn(&CheckDetail) -> K + Send + Sync + 'static,
    draw: fn(&CheckDetail) -> Option<El>,
) -> Box<dyn Fn() -> Option<El>> {
    let key = shown.part(key);
    // A memo that is tracked but never read would never learn of a change.
    drawn(shown, Box::new(move || key.with(|_| ())), draw)
}

/// A view of the check that is made anew whenever the check was read.
pub fn live(shown: Shown, draw: fn(&CheckDetail) -> Option<El>) -> Box<dyn Fn() -> Option<El>> {
    drawn(shown, Box::new(move || shown.detail.track()), draw)
}

fn drawn(
    shown: Shown,
    follow: Box<dyn Fn()>,
    draw: fn(&CheckDetail) -> Option<El>,
) -> Box<dyn Fn() -> Option<El>> {
    Box::new(move || {
        follow();
        shown.detail.with_untracked(|detail| detail.as_ref().and_then(draw))
    })
}

fn body(app: App, shown: Shown, seen: Seen, id: &str) -> El {
    let facts = part(
        shown,
        |now| {
            (now.item.merge_request.clone(), now.item.source_branch.clone(), now.item.target_branch.clone())
        },
        |now| Some(facts::facts(now)),
    );
    let timeline = part(
        shown,
        |now| (now.timeline.last().map(|event| event.id), now.decisions.len()),
        |now| Some(record::timeline(now)),
    );
    let key = shown.part(|now| {
        let heads = [now.head_sha.as_str(), &now.item.merge_request.state].concat();
        (now.item.state, now.successor_id.clone(), heads, now.notice.clone())
    });
    // The strip above the page says it already.
    let said = Memo::new(move |_| app.system.with(|system| system.as_ref()?.gitlab_trouble.clone()));
    let banner = move || {
        key.with(|_| ());
        let said = said.get().unwrap_or_default();
        shown.detail.with_untracked(|detail| detail.as_ref().map(|now| banners(app, shown, now, &said)))
    };
    let top = live(shown, |now| Some(standing(&now.item)));
    let policy = part(
        shown,
        |now| (Some(now.item.state as i64), now.decisions.len()),
        |now| Some(policy::policy(now)),
    );
    let beside = part(
        shown,
        |now| now.others.iter().map(|other| (other.id.clone(), shown_state(other))).collect::<Vec<_>>(),
        |now| (!now.others.is_empty()).then(|| others(now)),
    );
    let main = el("div").class("check-main").child_fn(facts).child(untrack(|| change(shown, seen)));
    let side = el("div")
        .class("check-side")
        .child(decision_card(app, shown).child_fn(policy))
        .child_fn(beside)
        .child(delivery_card(app, shown, id))
        .child_fn(timeline);
    el("div")
        .class("check")
        .test("check")
        .attr("data-check-id", id)
        .child_fn(top)
        .child_fn(banner)
        .child(main)
        .child(side)
}

/// Where the check stands, for windows in which the card that says so is far below.
fn standing(item: &CheckItem) -> El {
    let badge = state_badge(shown_state(item));
    el("p").class("standing fine").test("standing").child(badge).child(when(item)).child(by(item))
}

/// What else is asked of the same commit.
fn others(now: &CheckDetail) -> El {
    let row = |other: &CheckItem| {
        let name = words("a", &other.rule.name).attr("href", &nav::check(&other.id));
        el("li").class("card-head").child(name).child(state_badge(shown_state(other)))
    };
    let rows = now.others.iter().map(row).collect();
    card("others-title", texts::OTHERS).test("others").child(el("ul").children(rows))
}

/// A newer commit, what became of the merge request, and what is wrong with the rule or the connection unless it is `said`
/// elsewhere.
fn banners(app: App, shown: Shown, detail: &CheckDetail, said: &str) -> El {
    let item = &detail.item;
    let stale = (item.state == CheckState::Superseded).then(|| {
        let next = match &detail.successor_id {
            Some(id) => newer(app, shown, id, texts::STALE_NEXT, "successor"),
            None => words("span", texts::STALE_SOON).class("fine"),
        };
        let says = words("p", &texts::stale(short_sha(&detail.head_sha)));
        notice("waiting", "stale-banner", says).attr("role", "alert").child(next)
    });
    // Merged or closed after a decision: as it should be, unless it was merged against it.
    let ended = texts::fate(item).zip(item.verdict);
    let ended = ended.filter(|(fate, _)| stale.is_none() && *fate != texts::WITHDRAWN);
    let against = ended == Some((texts::MERGED, Verdict::Reject));
    let tone = if ended.is_some() && !against { "plain" } else { "waiting" };
    let rest = match (&detail.notice, said, ended) {
        (_, _, Some((fate, verdict))) => texts::ended(verdict, fate),
        (Some(all), "", None) => all.clone(),
        (Some(all), said, None) => all.replace(said, ""),
        (None, _, None) => String::new(),
    };
    let noted = (!rest.trim().is_empty()).then(|| notice(tone, "notice", words("p", rest.trim())));
    el("div").class("check-banners").child(stale).child(noted)
}

fn delivery_card(app: App, shown: Shown, id: &str) -> El {
    let detail = shown.detail;
    let sentences = move || {
        let asked = shown.reading.get();
        detail.with(|detail| {
            let detail = detail.as_ref()?;
            let reading = asked.or_else(|| truth::known_reading(detail));
            Some(delivery::truth(truth::lines(detail, reading.as_ref())))
        })
    };
    let tries = part(
        shown,
        |now| now.deliveries.iter().map(|delivery| delivery.log.len()).sum::<usize>(),
        |now| delivery::attempts(&now.deliveries),
    );
    let unread = move || {
        shown.asking_fault.get().map(|fault| {
            let says = [texts::READ_FAILED, ": ", &fault.message()].concat();
            words("p", &says).class("fine").test("gitlab-fault")
        })
    };
    card("delivery-title", texts::DELIVERY)
        .child_fn(sentences)
        .child_fn(part(shown, |now| now.note.clone(), |now| now.note.as_ref().map(delivery::note)))
        .child_fn(unread)
        .child(
            el("div")
                .class("card-acts")
                .child(acknowledge(app, shown, id))
                .child(retry(app, shown))
                .child(ask_button(shown)),
        )
        .child_fn(tries)
}

/// Asks GitLab what it shows; for a closed check that says nothing.
fn ask_button(shown: Shown) -> El {
    let open = shown.part(|now| choice(now.item.state) != Choice::Nothing);
    let button = move || {
        el("button")
            .attr("type", "button")
            .class("btn quiet")
            .test("ask-gitlab")
            .off_fn(move || shown.asking.get())
            .text_fn(move || {
                if shown.asking.get() { texts::READING_GITLAB } else { texts::READ_GITLAB }.into()
            })
            .on_click(move || shown.ask_gitlab())
    };
    el("div").child_fn(move || (open.get() == Some(true)).then(button))
}

/// The button that tells GitLab again, and what went wrong with pressing it.
fn retry(app: App, shown: Shown) -> El {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<Fault>);
    let run = move |id: String| {
        busy.set(true);
        app.api.retry_delivery(&id).then(move |answer| {
            busy.set(false);
            if answer.is_ok() {
                app.say(texts::RETRY_QUEUED.into());
                app.count_soon();
            }
            fault.set(answer.err());
            shown.load(false);
        });
    };
    let stuck = shown.part(|now| {
        let last = now.deliveries.last().filter(|delivery| match delivery.state {
            DeliveryState::Failed => true,
            DeliveryState::Pending => delivery.attempts > 0 || now.notice.is_some(),
            DeliveryState::Delivered | DeliveryState::Obsolete => false,
        });
        last.map(|delivery| delivery.id.clone()).unwrap_or_default()
    });
    el("div")
        .child_fn(move || fault.get().map(|why| fault_box(texts::ERR_ACTION, &why, false, None)))
        .child_fn(move || {
            let id = stuck.get().unwrap_or_default();
            (!id.is_empty()).then(|| {
                button("", "btn", "delivery-retry")
                    .child(icon(AGAIN))
                    .text(texts::RETRY_DELIVERY)
                    .off_fn(move || busy.get())
                    .on_click(move || run(id.clone()))
            })
        })
}
