//! Signals on Leptos's reactive graph, for values of any type behind one.
//!
//! Leptos makes code for every type that a signal or memo holds: the graph's nodes, locks, guards and traits.
//! Here Leptos's graph only sees triggers and numbers; the value lies beside them, behind a trait object, and costs
//! little more than its own clone. With Leptos's own signals the first load weighs 12.7 KB more (177.8 instead
//! of 165.1, measured on the same pages). Names and methods are Leptos's, so that `prelude` could export those
//! instead. Handles are `Copy` and end with the owner they were made under: from then on setting
//! does nothing, and reading is a defect.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

use leptos::prelude::{ArcTrigger, Get as _, GetValue as _, LocalStorage, Notify as _, Track as _};

/// A value of any type. It has no `TypeId`, as `dyn Any` has: a hundred types would have a hundred random numbers in code
/// and data, which cannot be packed (6 KB of the first load).
trait Anything {}

impl<T> Anything for T {}

/// Where a value lies until its owner goes.
struct Place<V>(leptos::prelude::StoredValue<Rc<dyn Anything>, LocalStorage>, PhantomData<fn() -> V>);

impl<V: 'static> Place<V> {
    fn new(value: V) -> Self {
        let value: Rc<dyn Anything> = Rc::new(value);
        Self(leptos::prelude::StoredValue::new_local(value), PhantomData)
    }

    fn find(self) -> Option<Rc<V>> {
        let value = Rc::into_raw(self.0.try_get_value()?);
        // SAFETY: a place is only made by `new`, with a `V` in it, and nothing is ever put in its stead. Its key leads
        // nowhere once that is gone: a slot's number grows with every use, and comes round after 2^31 of them. There is one
        // arena; Leptos's `sandboxed-arenas`, with which there are several, is forbidden in deny.toml. The raw pointer
        // comes from `Rc::into_raw` just now.
        #[expect(unsafe_code, reason = "the place's type says what lies there")]
        Some(unsafe { Rc::from_raw(value.cast::<V>()) })
    }
}

/// Ends a reading of what is not there any more.
fn gone() -> ! {
    panic!("a signal was read after its owner had gone")
}

macro_rules! handle {
    ($($name:ident)*) => {
        $(impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {})*
    };
}

handle!(Place RwSignal Memo Signal StoredValue Callback);

/// A value, and whoever wants to know of its changes.
struct Slot<T> {
    value: RefCell<T>,
    changed: ArcTrigger,
}

/// A value that can be read, set and followed.
pub struct RwSignal<T>(Place<Slot<T>>);

impl<T: 'static> RwSignal<T> {
    /// A signal with its first value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(Place::new(Slot { value: RefCell::new(value), changed: ArcTrigger::new() }))
    }

    fn slot(self) -> Rc<Slot<T>> {
        self.0.find().unwrap_or_else(|| gone())
    }

    /// Follows the value without reading it.
    pub fn track(self) {
        self.slot().changed.track();
    }

    /// Reads and follows the value.
    pub fn with<R>(self, read: impl FnOnce(&T) -> R) -> R {
        let slot = self.slot();
        slot.changed.track();
        let value = slot.value.borrow();
        read(&value)
    }

    /// Reads the value.
    pub fn with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.slot().value.borrow())
    }

    /// Changes the value and tells those who follow it; `None` if its owner has gone.
    pub fn try_update<R>(self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let slot = self.0.find()?;
        let result = change(&mut slot.value.borrow_mut());
        slot.changed.notify();
        Some(result)
    }

    /// Changes the value and tells those who follow it.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        self.try_update(change);
    }

    /// Sets the value and tells those who follow it.
    pub fn set(self, value: T) {
        self.try_update(|old| *old = value);
    }
}

impl<T: Clone + 'static> RwSignal<T> {
    /// A copy of the value, followed.
    #[must_use]
    pub fn get(self) -> T {
        self.with(T::clone)
    }

    /// A copy of the value.
    #[must_use]
    pub fn get_untracked(self) -> T {
        self.with_untracked(T::clone)
    }
}

/// What a memo remembers. The number grows with every change; it is what Leptos's graph sees.
struct Remembered<T> {
    value: Rc<RefCell<Option<T>>>,
    version: leptos::prelude::Memo<u32>,
}

/// A value made from others. Those who follow it hear of it only when it is another one.
pub struct Memo<T>(Place<Remembered<T>>);

impl<T: PartialEq + 'static> Memo<T> {
    /// A memo of what `make` gives.
    #[must_use]
    pub fn new(make: impl Fn(()) -> T + 'static) -> Self {
        let value = Rc::new(RefCell::new(None::<T>));
        let kept = value.clone();
        let version = versions(Rc::new(move || {
            let next = Some(make(()));
            let mut value = kept.borrow_mut();
            let another = *value != next;
            if another {
                *value = next;
            }
            another
        }));
        Self(Place::new(Remembered { value, version }))
    }
}

/// Counts how often `step` made another value.
fn versions(step: Rc<dyn Fn() -> bool>) -> leptos::prelude::Memo<u32> {
    let step = leptos::prelude::StoredValue::new_local(step);
    leptos::prelude::Memo::new(move |before| {
        let before: u32 = before.copied().unwrap_or_default();
        let another = step.try_get_value().is_some_and(|step| step());
        before.wrapping_add(u32::from(another))
    })
}

impl<T: 'static> Memo<T> {
    /// Reads and follows the value.
    pub fn with<R>(self, read: impl FnOnce(&T) -> R) -> R {
        let remembered = self.0.find().unwrap_or_else(|| gone());
        // Reading the number makes the value, if what it is made from has changed.
        remembered.version.get();
        let value = remembered.value.borrow();
        read(value.as_ref().unwrap_or_else(|| gone()))
    }
}

impl<T: Clone + 'static> Memo<T> {
    /// A copy of the value, followed.
    #[must_use]
    pub fn get(self) -> T {
        self.with(T::clone)
    }

    /// A copy of the value.
    #[must_use]
    pub fn get_untracked(self) -> T {
        leptos::prelude::untrack(|| self.get())
    }

    /// Reads the value.
    pub fn with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.get_untracked())
    }
}

/// Anything that gives a value and can be followed.
pub struct Signal<T>(Place<Box<dyn Fn() -> T>>);

impl<T: 'static> Signal<T> {
    /// A signal of what `make` gives, made anew at every reading.
    #[must_use]
    pub fn derive(make: impl Fn() -> T + 'static) -> Self {
        Self(Place::new(Box::new(make)))
    }

    /// The value, followed.
    #[must_use]
    pub fn get(self) -> T {
        let make = self.0.find().unwrap_or_else(|| gone());
        make()
    }

    /// The value.
    #[must_use]
    pub fn get_untracked(self) -> T {
        leptos::prelude::untrack(|| self.get())
    }

    /// Reads and follows the value.
    pub fn with<R>(self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.get())
    }

    /// Reads the value.
    pub fn with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.get_untracked())
    }
}

impl<T: Clone + 'static> From<RwSignal<T>> for Signal<T> {
    fn from(signal: RwSignal<T>) -> Self {
        Self::derive(move || signal.get())
    }
}

impl<T: Clone + 'static> From<Memo<T>> for Signal<T> {
    fn from(memo: Memo<T>) -> Self {
        Self::derive(move || memo.get())
    }
}

/// A value that is kept and not followed.
pub struct StoredValue<T>(Place<RefCell<T>>);

impl<T: 'static> StoredValue<T> {
    /// Keeps a value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(Place::new(RefCell::new(value)))
    }

    /// Reads the value; `None` if its owner has gone.
    pub fn try_with_value<R>(self, read: impl FnOnce(&T) -> R) -> Option<R> {
        let cell = self.0.find()?;
        let value = cell.borrow();
        Some(read(&value))
    }

    /// Reads the value.
    pub fn with_value<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.try_with_value(read).unwrap_or_else(|| gone())
    }

    /// Changes the value; `None` if its owner has gone.
    pub fn try_update_value<R>(self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let cell = self.0.find()?;
        let result = change(&mut cell.borrow_mut());
        Some(result)
    }

    /// Changes the value.
    pub fn update_value(self, change: impl FnOnce(&mut T)) {
        self.try_update_value(change);
    }

    /// Sets the value.
    pub fn set_value(self, value: T) {
        self.try_update_value(|old| *old = value);
    }
}

impl<T: Clone + 'static> StoredValue<T> {
    /// A copy of the value; `None` if its owner has gone.
    #[must_use]
    pub fn try_get_value(self) -> Option<T> {
        self.try_with_value(T::clone)
    }

    /// A copy of the value.
    #[must_use]
    pub fn get_value(self) -> T {
        self.with_value(T::clone)
    }
}

/// Something to be run later, perhaps many times.
pub struct Callback<T>(Place<Box<dyn Fn(T)>>);

impl<T: 'static> Callback<T> {
    /// Keeps what is to be run.
    #[must_use]
    pub fn new(run: impl Fn(T) + 'static) -> Self {
        Self(Place::new(Box::new(run)))
    }

    /// Runs it, unless its owner has gone.
    pub fn run(self, with: T) {
        if let Some(run) = self.0.find() {
            run(with);
        }
    }
}
