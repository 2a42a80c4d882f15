#pragma once

extern const char storage_tier_examples[];
extern const char storage_tier_returns[];
