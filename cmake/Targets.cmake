# SPDX-License-Identifier: GPL-3.0-or-later
# ecoma_layer(NAME SOURCES... DEPENDS LAYERS...)
# One folder of library_src. Its headers are visible to those that name it, and to nobody else:
# that is what makes a broken layering a build error.
function(ecoma_layer name)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  add_library(ecoma_${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  target_include_directories(ecoma_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/${name})
  target_link_libraries(ecoma_${name} PUBLIC ${arg_DEPENDS})
endfunction()

# ecoma_module(NAME PURE sources... IMPURE sources... USES modules...)
# PURE sources see base and ansible, and nothing that looks at a system; IMPURE ones see system
# too. USES: modules whose pure part this one builds on. The binary and its documentation go to
# library/.
function(ecoma_module name)
  cmake_parse_arguments(arg "" "" "PURE;IMPURE;USES" ${ARGN})
  add_executable(${name} ${arg_IMPURE})
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/${name})
  target_link_libraries(${name} PRIVATE ecoma_ansible ecoma_system ecoma_base)
  if(arg_PURE)
    add_library(${name}_pure STATIC ${arg_PURE})
    target_include_directories(${name}_pure PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/${name})
    target_link_libraries(${name}_pure PUBLIC ecoma_ansible ecoma_base)
    target_link_libraries(${name} PRIVATE ${name}_pure)
  endif()
  foreach(used ${arg_USES})
    target_link_libraries(${name} PRIVATE ${used}_pure)
  endforeach()
  ecoma_place(${name} library)
  if(ECOMA_INSTALL_IN_SOURCE)
    add_custom_command(TARGET ${name} POST_BUILD
      COMMAND $<TARGET_FILE:${name}> --doc > ${CMAKE_SOURCE_DIR}/library/${name}.yml
      COMMENT "Documentation of ${name}")
  endif()
endfunction()

# ecoma_program(NAME sources...): a program for the controller; its binary goes to bin/.
function(ecoma_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE ecoma_base)
  ecoma_place(${name} bin)
endfunction()

function(ecoma_place name folder)
  if(ECOMA_INSTALL_IN_SOURCE)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_SOURCE_DIR}/${folder})
  endif()
endfunction()

# ecoma_unit_test(NAME sources... LINKS targets...): a cmocka program, label "unit".
function(ecoma_unit_test name)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_LINKS} PkgConfig::CMOCKA)
  target_compile_definitions(${name} PRIVATE CASES_DIR="${CMAKE_SOURCE_DIR}/tests/cases")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS unit)
endfunction()
