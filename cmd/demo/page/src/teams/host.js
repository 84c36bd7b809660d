// How Teams draws cards: its host config, by the names of this page's colours, so that both themes are one.
import {HostConfig} from 'adaptivecards';

const colour = (name) => ({default: `var(--t-${name})`, subtle: 'var(--soft)'});
const foreground = {
  default: {default: 'var(--fg)', subtle: 'var(--soft)'}, dark: {default: 'var(--fg)', subtle: 'var(--soft)'},
  light: {default: '#fff', subtle: '#fff'}, accent: colour('accent'), good: colour('good'), warning: colour('warning'), attention: colour('attention'),
};
const style = (background) => ({backgroundColor: background, foregroundColors: foreground});

export const host = new HostConfig({
  supportsInteractivity: true,
  spacing: {small: 6, default: 10, medium: 14, large: 20, extraLarge: 28, padding: 12},
  separator: {lineThickness: 1, lineColor: 'var(--line)'},
  fontTypes: {
    default: {fontFamily: 'inherit', fontSizes: {small: 12, default: 14, medium: 15, large: 18, extraLarge: 24}},
    monospace: {fontFamily: 'ui-monospace, "Liberation Mono", monospace', fontSizes: {small: 12, default: 13, medium: 14, large: 17, extraLarge: 22}},
  },
  containerStyles: {
    default: style('transparent'), emphasis: style('var(--panel)'), accent: style('var(--t-accentbg)'),
    good: style('var(--t-goodbg)'), warning: style('var(--t-warningbg)'), attention: style('var(--t-attentionbg)'),
  },
  actions: {
    maxActions: 6, spacing: 'default', buttonSpacing: 8, actionsOrientation: 'horizontal', actionAlignment: 'left',
    showCard: {actionMode: 'inline', inlineTopMargin: 10, style: 'emphasis'},
  },
  inputs: {label: {inputSpacing: 'none', requiredInputs: {weight: 'bolder', suffix: ' *', suffixColor: 'attention'}, optionalInputs: {weight: 'bolder'}},
    errorMessage: {color: 'attention', size: 'small', spacing: 'small'}},
});
