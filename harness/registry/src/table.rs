//! What is open under which name. Requests read it without a lock; opening and closing copy it.

use super::{RegistryError, route};
use arc_swap::{ArcSwap, Guard};
use std::{collections::BTreeMap, sync::Arc};

/// What has the name of a repository.
pub(super) trait Named {
    fn name(&self) -> &str;
}

#[derive(Debug)]
pub(super) struct Table<T>(ArcSwap<BTreeMap<String, Arc<T>>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(ArcSwap::default())
    }
}

impl<T: Named> Table<T> {
    /// Puts it in, under its name.
    ///
    /// # Errors
    ///
    /// If the name is illegal or taken.
    pub(super) fn insert(&self, item: &Arc<T>) -> Result<(), RegistryError> {
        let name = item.name();
        if !route::is_repository_name(name) {
            return Err(RegistryError::Name(name.to_owned()));
        }
        let before = self.0.rcu(|items| {
            if items.contains_key(name) {
                return Arc::clone(items);
            }
            let mut items = BTreeMap::clone(items);
            items.insert(name.to_owned(), Arc::clone(item));
            Arc::new(items)
        });
        if before.contains_key(name) {
            return Err(RegistryError::Taken(name.to_owned()));
        }
        Ok(())
    }

    /// Takes exactly this one out, and not a later one of the same name.
    pub(super) fn remove(&self, item: &Arc<T>) {
        let is_it = |items: &BTreeMap<String, Arc<T>>| {
            items
                .get(item.name())
                .is_some_and(|other| Arc::ptr_eq(other, item))
        };
        self.0.rcu(|items| {
            if !is_it(items) {
                return Arc::clone(items);
            }
            let mut items = BTreeMap::clone(items);
            items.remove(item.name());
            Arc::new(items)
        });
    }

    /// What is open now.
    pub(super) fn now(&self) -> Guard<Arc<BTreeMap<String, Arc<T>>>> {
        self.0.load()
    }
}
