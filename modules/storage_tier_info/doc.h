#pragma once

extern const char storage_tier_info_examples[];
extern const char storage_tier_info_returns[];
