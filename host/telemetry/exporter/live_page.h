// The contents of live_page.html.
#pragma once

#include <string_view>

namespace binade::host {

extern const std::string_view live_page;

}  // namespace binade::host
