#pragma once

extern const char k3s_role_info_examples[];
extern const char k3s_role_info_returns[];
