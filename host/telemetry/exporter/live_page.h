// The page that the exporter's port shows to people: live_page.html, as it is.
#pragma once

#include <string_view>

namespace binade::host {

extern const std::string_view live_page;

}  // namespace binade::host
