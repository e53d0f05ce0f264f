//! The host's services: a log, metrics that the manifest declares, and a cache folder.

use crate::abi;
use crate::options::text;
use std::mem::size_of;
use std::path::PathBuf;

/// The host's services. Cheap to copy; may be used on any thread until the plugin object is dropped.
#[derive(Clone, Copy)]
pub struct Host(*const abi::Host);
unsafe impl Send for Host {}
unsafe impl Sync for Host {}

impl Host {
    /// For tests: discards log messages and metrics, and has no cache folder.
    pub fn silent() -> Self {
        Host(std::ptr::null())
    }
    pub(crate) fn from_abi(host: *const abi::Host) -> Self {
        Host(host)
    }

    pub fn debug(&self, message: &str) {
        self.log(abi::LOG_DEBUG, message);
    }
    pub fn info(&self, message: &str) {
        self.log(abi::LOG_INFO, message);
    }
    pub fn warning(&self, message: &str) {
        self.log(abi::LOG_WARNING, message);
    }
    pub fn error(&self, message: &str) {
        self.log(abi::LOG_ERROR, message);
    }
    fn log(&self, level: i32, message: &str) {
        if !self.0.is_null() {
            unsafe { ((*self.0).log)(self.0, level, text(message)) }
        }
    }

    /// `host.counter("rows_skipped", &[("reason", "empty")])`: a metric that the manifest declares, with a value for
    /// each of its labels. A metric that it does not declare does nothing; such requests are counted.
    pub fn counter(&self, name: &str, labels: &[(&str, &str)]) -> Counter {
        Counter(self.series(name, labels))
    }
    pub fn gauge(&self, name: &str, labels: &[(&str, &str)]) -> Gauge {
        Gauge(self.series(name, labels))
    }
    pub fn histogram(&self, name: &str, labels: &[(&str, &str)]) -> Histogram {
        Histogram(self.series(name, labels))
    }
    fn series(&self, name: &str, labels: &[(&str, &str)]) -> Series {
        let listed: Vec<_> =
            labels.iter().map(|(name, value)| abi::Label { name: text(name), value: text(value) }).collect();
        let series = if self.0.is_null() {
            std::ptr::null_mut()
        } else {
            unsafe { ((*self.0).series)(self.0, text(name), listed.as_ptr(), listed.len() as u64) }
        };
        Series { host: *self, series }
    }

    /// A cache folder for files that the plugin can recreate, such as an index of its data. It exists, is the same in
    /// every run, and may be used by several processes at once. `None` if no folder is available.
    pub fn cache_folder(&self) -> Option<PathBuf> {
        let end = size_of::<abi::Host>(); // cache_folder is the last member
        unsafe {
            if self.0.is_null() || !abi::reaches(self.0, end) {
                return None;
            }
            let folder = ((*self.0).cache_folder)(self.0).to_string();
            Some(PathBuf::from(folder)).filter(|folder| !folder.as_os_str().is_empty())
        }
    }
}

#[derive(Clone, Copy)]
struct Series {
    host: Host,
    series: *mut abi::Series,
}
unsafe impl Send for Series {}
unsafe impl Sync for Series {}

type Update = unsafe extern "C" fn(*const abi::Host, *mut abi::Series, f64);

impl Series {
    fn update(&self, call: impl Fn(&abi::Host) -> Update, number: f64) {
        if !self.host.0.is_null() {
            unsafe { call(&*self.host.0)(self.host.0, self.series, number) }
        }
    }
}

#[derive(Clone, Copy)]
pub struct Counter(Series);
impl Counter {
    pub fn add(&self, amount: f64) {
        self.0.update(|host| host.add, amount);
    }
}

#[derive(Clone, Copy)]
pub struct Gauge(Series);
impl Gauge {
    pub fn set(&self, value: f64) {
        self.0.update(|host| host.set, value);
    }
    pub fn add(&self, amount: f64) {
        self.0.update(|host| host.add, amount);
    }
}

#[derive(Clone, Copy)]
pub struct Histogram(Series);
impl Histogram {
    pub fn observe(&self, value: f64) {
        self.0.update(|host| host.observe, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

    fn saw(what: String) {
        SEEN.lock().unwrap().push(what);
    }
    unsafe extern "C" fn log(_: *const abi::Host, level: i32, message: abi::Text) {
        saw(format!("log {level} {}", message.to_string()));
    }
    unsafe extern "C" fn series(
        _: *const abi::Host,
        metric: abi::Text,
        labels: *const abi::Label,
        count: u64,
    ) -> *mut abi::Series {
        let labels = std::slice::from_raw_parts(labels, count as usize);
        let labels: Vec<_> = labels.iter().map(|l| format!("{}={}", l.name.to_string(), l.value.to_string())).collect();
        saw(format!("series {} {}", metric.to_string(), labels.join(",")));
        8 as *mut abi::Series
    }
    unsafe extern "C" fn add(_: *const abi::Host, series: *mut abi::Series, amount: f64) {
        saw(format!("add {} {amount}", series as usize));
    }
    unsafe extern "C" fn set(_: *const abi::Host, series: *mut abi::Series, value: f64) {
        saw(format!("set {} {value}", series as usize));
    }
    unsafe extern "C" fn observe(_: *const abi::Host, series: *mut abi::Series, value: f64) {
        saw(format!("observe {} {value}", series as usize));
    }
    unsafe extern "C" fn cache_folder(_: *const abi::Host) -> abi::Text {
        text("/cache/x")
    }
    fn table() -> abi::Host {
        let struct_size = size_of::<abi::Host>() as u32;
        abi::Host { struct_size, reserved: 0, log, series, add, set, observe, cache_folder }
    }

    #[test]
    fn services_reach_the_host() {
        let table = table();
        let host = Host::from_abi(&table);
        host.error("broken");
        host.counter("rows", &[("reason", "empty"), ("split", "train")]).add(2.0);
        host.gauge("level", &[]).set(0.5);
        host.histogram("sizes", &[]).observe(3.0);
        assert_eq!(host.cache_folder(), Some(PathBuf::from("/cache/x")));
        let expected =
            ["log 3 broken", "series rows reason=empty,split=train", "add 8 2", "series level ", "set 8 0.5"];
        let seen = SEEN.lock().unwrap();
        assert_eq!(seen[..5], expected);
        assert_eq!(seen[5..], ["series sizes ", "observe 8 3"]);
    }

    #[test]
    fn an_older_host_has_no_cache_folder() {
        let mut table = table();
        table.struct_size -= size_of::<usize>() as u32;
        assert_eq!(Host::from_abi(&table).cache_folder(), None);
    }

    #[test]
    fn a_silent_host_accepts_every_call() {
        let host = Host::silent();
        host.info("lost");
        host.counter("rows", &[]).add(1.0);
        assert_eq!(host.cache_folder(), None);
    }

    #[test]
    fn members_that_an_older_host_lacks_are_zero() {
        let mut decision = abi::Decision { struct_size: 8, apply: 1, scale: f64::NAN };
        let seen = unsafe { abi::whole(&decision) };
        assert_eq!((seen.apply, seen.scale), (1, 0.0));
        decision.struct_size = 1000;
        assert!(unsafe { abi::whole(&decision) }.scale.is_nan());
    }
}
