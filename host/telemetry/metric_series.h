// The series that every step updates, looked up once.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "host/events/events.h"
#include "host/telemetry/metric_families.h"

namespace binade::host {

// Skips non-finite values: one NaN would make a histogram's sum NaN forever.
inline void observe(prometheus::Histogram& histogram, double value) {
  if (std::isfinite(value)) histogram.Observe(value);
}

template <class Metric, std::size_t N>
std::array<Metric*, N> series_of(MetricFamilies& families,
                                 Metric& (MetricFamilies::*find)(std::string_view, const MetricFamilies::Labels&),
                                 std::string_view name, const std::string& label,
                                 const std::array<std::string_view, N>& values) {
  std::array<Metric*, N> series{};
  for (std::size_t i = 0; i < N; ++i) series[i] = &(families.*find)(name, {{label, std::string(values[i])}});
  return series;
}

// The series of one split, train or validation.
struct SplitSeries {
  SplitSeries(MetricFamilies& families, const std::string& split)
      : loss(families.gauge("binade_loss", {{"split", split}})),
        accuracy(families.gauge("binade_accuracy_ratio", {{"split", split}})),
        perplexity(families.gauge("binade_perplexity", {{"split", split}})),
        nonfinite_losses(families.counter("binade_loss_nonfinite_total", {{"split", split}})),
        samples(families.counter("binade_samples_total", {{"split", split}})) {}

  // `cross_entropy` is NaN if the loss is a different one.
  void update(double new_loss, double new_accuracy, std::uint64_t new_samples, double cross_entropy) {
    loss.Set(new_loss);
    perplexity.Set(std::exp(cross_entropy));
    if (!std::isfinite(new_loss)) nonfinite_losses.Increment();
    accuracy.Set(new_accuracy);
    samples.Increment(static_cast<double>(new_samples));
  }

  prometheus::Gauge &loss, &accuracy, &perplexity;
  prometheus::Counter &nonfinite_losses, &samples;
};

// The gradient norm at one stage.
struct NormSeries {
  NormSeries(MetricFamilies& families, const std::string& stage)
      : last(families.gauge("binade_gradient_norm_last", {{"stage", stage}})),
        distribution(families.histogram("binade_gradient_norm", {{"stage", stage}})) {}

  void update(double norm, bool applied) {
    last.Set(norm);
    if (applied) observe(distribution, norm);
  }

  prometheus::Gauge& last;
  prometheus::Histogram& distribution;
};

// The gradients of one part of the model.
struct GradientSeries {
  GradientSeries(MetricFamilies& families, const std::string& group)
      : infinite(families.counter("binade_nonfinite_gradient_steps_total", {{"group", group}, {"kind", "inf"}})),
        nan(families.counter("binade_nonfinite_gradient_steps_total", {{"group", group}, {"kind", "nan"}})),
        underflow(families.gauge("binade_gradient_underflow_ratio", {{"group", group}})),
        overflow(families.gauge("binade_gradient_overflow_ratio", {{"group", group}})),
        magnitudes(families.histogram("binade_gradient_magnitude", {{"group", group}})),
        increments(magnitude_buckets.size() + 1) {}

  void update(const ExponentCounts& counts, int smallest_exponent) {
    underflow.Set(underflow_ratio(counts, smallest_exponent));
    overflow.Set(overflow_ratio(counts));
    std::fill(increments.begin(), increments.end(), 0.0);
    double sum = 0;
    for (std::size_t e = 1; e + 1 < counts.size(); ++e) {
      if (counts[e] == 0) continue;
      const auto count = static_cast<double>(counts[e]);
      const double from = std::ldexp(1.0, static_cast<int>(e) - exponent_bias);
      const auto bucket = std::upper_bound(magnitude_buckets.begin(), magnitude_buckets.end(), from);
      increments[static_cast<std::size_t>(bucket - magnitude_buckets.begin())] += count;
      sum += 1.5 * from * count;
    }
    magnitudes.ObserveMultiple(increments, sum);
  }

  prometheus::Counter &infinite, &nan;
  prometheus::Gauge &underflow, &overflow;
  prometheus::Histogram& magnitudes;
  std::vector<double> increments;  // per bucket; reused so that samples do not allocate
};

struct MetricSeries {
  explicit MetricSeries(MetricFamilies& families) : families(families) {}

  MetricFamilies& families;
  std::array<prometheus::Gauge*, run_state_names.size()> states =
      series_of(families, &MetricFamilies::gauge, "binade_run_state", "state", run_state_names);
  prometheus::Gauge& state_since = families.gauge("binade_run_state_timestamp_seconds");
  std::array<prometheus::Histogram*, phase_count> phases =
      series_of(families, &MetricFamilies::histogram, "binade_phase_duration_seconds", "phase", phase_names);

  prometheus::Gauge& step = families.gauge("binade_step");
  prometheus::Gauge& epoch = families.gauge("binade_epoch");
  prometheus::Gauge& epoch_duration = families.gauge("binade_epoch_duration_seconds");
  prometheus::Gauge& last_step = families.gauge("binade_last_step_timestamp_seconds");
  prometheus::Histogram& step_duration = families.histogram("binade_step_duration_seconds");
  prometheus::Counter& tokens = families.counter("binade_tokens_total", {{"split", "train"}});

  SplitSeries train{families, "train"};
  prometheus::Gauge& smoothed_loss = families.gauge("binade_loss_smoothed", {{"split", "train"}});
  NormSeries unscaled{families, "unscaled"};
  NormSeries clipped{families, "clipped"};
  prometheus::Counter& applied = families.counter("binade_optimizer_steps_total", {{"result", "applied"}});
  prometheus::Counter& skipped = families.counter("binade_optimizer_steps_total", {{"result", "skipped"}});

  prometheus::Gauge& loss_scale = families.gauge("binade_amp_loss_scale");
  prometheus::Gauge& growth_tracker = families.gauge("binade_amp_growth_tracker_steps");
  prometheus::Counter& growth = families.counter("binade_amp_updates_total", {{"action", "growth"}});
  prometheus::Counter& backoff = families.counter("binade_amp_updates_total", {{"action", "backoff"}});
  prometheus::Counter& hold = families.counter("binade_amp_updates_total", {{"action", "hold"}});
  prometheus::Counter& at_min_scale = families.counter("binade_amp_at_floor_seconds_total");
  prometheus::Counter& refused_scales = families.counter("binade_amp_refused_scales_total");
  prometheus::Counter& lost_lines = families.counter("binade_metrics_file_lost_lines_total");
  prometheus::Counter& audits = families.counter("binade_precision_audits_total");
};

}  // namespace binade::host
